//! A reader on its own thread: an encoder with an adapter that was trained to find answers.
//!
//! One pass over question and passage together. The first token's state says whether the passage answers; the mean of
//! a line's token states says whether that line does. How it was trained stands in `training/README.md`.

use std::{ops::Range, path::PathBuf, sync::Arc};

use super::{
    adapter::{Adapter, Probe},
    batch_tokens,
    model::{Encoder, Sequences},
    tensors::Tensors,
    thread_pool,
    tokens::Tokens,
};
use crate::ai::{AiError, ComputeOptions, Lane, PassageText, Reading, Worker, dot, reader::UNREAD};

/// The adapter that this binary was built with.
const BUILT_IN: &[u8] = include_bytes!("../../../training/reader.safetensors");

/// A reading model and how it is used.
#[derive(Clone, Debug)]
pub struct ReaderOptions {
    /// Folder of the encoder: `config.json`, `tokenizer.json` and safetensors in the Hugging Face layout.
    pub folder: PathBuf,
    /// The encoder's exact weights; the adapter must have been trained on them.
    pub revision: String,
    /// What training added; `None` for the adapter that this binary was built with.
    pub adapter: Option<Vec<u8>>,
    /// Longer pairs have their passage cut off (special tokens included); the model's own limit still holds.
    pub max_tokens: usize,
    /// Jobs that may wait; more are [`AiError::Busy`].
    pub queue: usize,
    /// Where it computes.
    pub compute: ComputeOptions,
}

/// See [`ReaderOptions`].
pub struct LocalReader {
    worker: Worker<Model>,
}

impl LocalReader {
    /// Loads the model on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when its files are missing, damaged, of another architecture, or not the adapter's.
    pub async fn start(options: ReaderOptions) -> Result<Self, AiError> {
        let worker = Worker::start("reader", options.queue, move || Model::load(&options)).await?;
        Ok(Self { worker })
    }

    pub(in crate::ai) fn is_ready(&self) -> bool {
        self.worker.is_ready()
    }

    pub(in crate::ai) async fn read(
        &self,
        question: &str,
        passages: Vec<PassageText>,
    ) -> Result<Vec<Reading>, AiError> {
        let question = question.to_owned();
        self.worker
            .run(Lane::Urgent, move |model, caller| model.read(&question, &passages, &|| caller.is_gone()))
            .await
    }
}

/// What the thread owns.
struct Model {
    encoder: Encoder,
    /// Whether the passage answers, from its first token's state.
    answers: Probe,
    /// Whether a line does, from the mean of its tokens' states.
    line: Probe,
    tokens: Tokens,
    threads: rayon::ThreadPool,
    budget: usize,
}

impl Model {
    fn load(options: &ReaderOptions) -> Result<Self, AiError> {
        let device = options.compute.open_device()?;
        let bytes = options.adapter.as_deref().unwrap_or(BUILT_IN);
        let adapter = Arc::new(Adapter::parse(bytes, &options.revision)?);
        let tensors = Tensors::open(&options.folder)?.adapted(Arc::clone(&adapter));
        let encoder = Encoder::load(&options.folder, &tensors, &device)?;
        let hidden = encoder.config.hidden;
        let model = Self {
            answers: adapter.probe("answers", hidden)?,
            line: adapter.probe("line", hidden)?,
            tokens: Tokens::load(&options.folder, options.max_tokens.min(encoder.config.max_tokens()))?,
            threads: thread_pool("reader", &options.compute)?,
            budget: batch_tokens(&device),
            encoder,
        };
        let warm = PassageText { path: String::new(), lines: vec!["pemanasan".to_owned()] };
        model.read("pemanasan", &[warm], &|| false)?;
        Ok(model)
    }

    fn read(
        &self,
        question: &str,
        passages: &[PassageText],
        gone: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Reading>, AiError> {
        let texts: Vec<(String, Vec<Range<usize>>)> = passages.iter().map(laid_out).collect();
        let pairs = texts.iter().map(|(text, _)| (question, text.as_str()).into());
        let mut readings = Vec::with_capacity(passages.len());
        for batch in self.tokens.batches(pairs, self.budget)? {
            if gone() {
                return Err(AiError::Cancelled);
            }
            let states = self
                .threads
                .install(|| -> Result<_, AiError> { Ok(self.encoder.forward(&batch)?.to_vec2::<f32>()?) })?;
            for sequence in 0..batch.starts.len() - 1 {
                let lines = &texts[readings.len()].1;
                readings.push(self.reading(&batch, sequence, &states, lines));
            }
        }
        Ok(readings)
    }

    fn reading(
        &self,
        batch: &Sequences,
        sequence: usize,
        states: &[Vec<f32>],
        lines: &[Range<usize>],
    ) -> Reading {
        let tokens = batch.starts[sequence]..batch.starts[sequence + 1];
        let answers = dot(&states[tokens.start], &self.answers.weight) + self.answers.bias;
        let line = |line: &Range<usize>| {
            let (mut sum, mut count) = (0.0, 0);
            for token in tokens.clone() {
                let (from, to) = batch.spans[token];
                // The head is linear: the mean of its values is its value on the mean.
                if to > from && from < line.end && to > line.start {
                    sum += dot(&states[token], &self.line.weight);
                    count += 1;
                }
            }
            if count == 0 { UNREAD } else { sum / count as f32 + self.line.bias }
        };
        Reading { answers, lines: lines.iter().map(line).collect() }
    }
}

/// The text that the model reads, and the bytes of each line in it.
fn laid_out(passage: &PassageText) -> (String, Vec<Range<usize>>) {
    let mut text = passage.path.clone();
    let mut lines = Vec::with_capacity(passage.lines.len());
    for line in &passage.lines {
        if !text.is_empty() {
            text.push('\n');
        }
        lines.push(text.len()..text.len() + line.len());
        text.push_str(line);
    }
    (text, lines)
}

//! A cross-encoder on its own thread.

use std::path::PathBuf;

use candle_core::{Device, Tensor};

use super::config::Family;
use super::model::Encoder;
use super::ops::{Vector, linear, pool};
use super::tensors::Tensors;
use super::tokens::Tokens;
use super::{batch_tokens, thread_pool};
use crate::ai::{AiError, ComputeOptions, Lane, Worker};

/// A reranking model and how it is used.
#[derive(Clone, Debug)]
pub struct RerankerOptions {
    /// Folder with `config.json`, `tokenizer.json` and safetensors in the Hugging Face layout.
    pub folder: PathBuf,
    /// Longer pairs have their longer text cut off (special tokens included); the model's own limit still holds.
    pub max_tokens: usize,
    /// Jobs that may wait; more are [`AiError::Busy`].
    pub queue: usize,
    /// Where it computes.
    pub compute: ComputeOptions,
}

/// See [`RerankerOptions`].
pub struct LocalReranker {
    worker: Worker<Model>,
}

impl LocalReranker {
    /// Loads the model on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when the folder's files are missing, damaged or of another architecture.
    pub async fn start(options: RerankerOptions) -> Result<Self, AiError> {
        let worker = Worker::start("reranker", options.queue, move || Model::load(&options)).await?;
        Ok(Self { worker })
    }

    pub(in crate::ai) fn is_ready(&self) -> bool {
        self.worker.is_ready()
    }

    pub(in crate::ai) async fn score(&self, query: &str, passages: Vec<String>) -> Result<Vec<f32>, AiError> {
        let query = query.to_owned();
        self.worker
            .run(Lane::Urgent, move |model, caller| model.score(&query, &passages, &|| caller.is_gone()))
            .await
    }
}

/// What the thread owns.
struct Model {
    encoder: Encoder,
    head: Head,
    tokens: Tokens,
    threads: rayon::ThreadPool,
    budget: usize,
}

impl Model {
    fn load(options: &RerankerOptions) -> Result<Self, AiError> {
        let device = options.compute.open_device()?;
        let tensors = Tensors::open(&options.folder)?;
        let encoder = Encoder::load(&options.folder, &tensors, &device)?;
        if encoder.config.labels != 1 {
            let detail = format!("a reranker has one label, this classifier has {}", encoder.config.labels);
            return Err(AiError::load(options.folder.display(), detail));
        }
        let head = Head::load(&tensors, &encoder, &device)?;
        let tokens = Tokens::load(&options.folder, options.max_tokens.min(encoder.config.max_tokens()))?;
        let threads = thread_pool("reranker", &options.compute)?;
        let model = Self { encoder, head, tokens, threads, budget: batch_tokens(&device) };
        model.score("pemanasan", &["pemanasan".to_owned()], &|| false)?;
        Ok(model)
    }

    fn score(
        &self,
        query: &str,
        passages: &[String],
        gone: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<f32>, AiError> {
        let mut scores = Vec::with_capacity(passages.len());
        let pairs = passages.iter().map(|passage| (query, passage.as_str()).into());
        for batch in self.tokens.batches(pairs, self.budget)? {
            if gone() {
                return Err(AiError::Cancelled);
            }
            let logits = self.threads.install(|| -> Result<_, AiError> {
                let hidden = self.encoder.forward(&batch)?;
                Ok(self
                    .head
                    .forward(&pool(&hidden, &batch.starts, false)?)?
                    .flatten_all()?
                    .to_vec1::<f32>()?)
            })?;
            scores.extend(logits);
        }
        Ok(scores)
    }
}

/// The classifier on the first token: dense, tanh, projection to one logit. BERT calls the first its pooler.
struct Head {
    dense: (Tensor, Vector),
    out: (Tensor, Vector),
}

impl Head {
    fn load(tensors: &Tensors, encoder: &Encoder, device: &Device) -> Result<Self, AiError> {
        let (dense, out) = match encoder.config.family {
            Family::Bert => ("bert.pooler.dense", "classifier"),
            Family::Roberta => ("classifier.dense", "classifier.out_proj"),
        };
        let hidden = encoder.config.hidden;
        let linear = |name: &str, rows: usize| -> Result<(Tensor, Vector), AiError> {
            let weight = tensors.tensor(&format!("{name}.weight"), &[rows, hidden], device)?;
            Ok((weight, Vector::load(tensors, &format!("{name}.bias"), rows, device)?))
        };
        Ok(Self { dense: linear(dense, hidden)?, out: linear(out, 1)? })
    }

    /// `first`: `[sequences, hidden]`; gives `[sequences, 1]`.
    fn forward(&self, first: &Tensor) -> candle_core::Result<Tensor> {
        linear(&linear(first, &self.dense.0, &self.dense.1)?.tanh()?, &self.out.0, &self.out.1)
    }
}

//! An embedder on its own thread.

use std::path::PathBuf;

use serde::Deserialize;

use super::model::Encoder;
use super::ops::pool;
use super::tensors::Tensors;
use super::tokens::Tokens;
use super::{batch_tokens, thread_pool};
use crate::ai::embedder::normalise;
use crate::ai::{AiError, Caller, ComputeOptions, EmbedderIdentity, Lane, Worker};

/// Bytes of text that make about one token; only to size the steps of indexing.
const BYTES_PER_TOKEN: usize = 4;

/// How the states of a text's tokens become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The first token's state.
    Cls,
    /// The mean over all tokens.
    Mean,
}

/// An embedding model and how it is used.
#[derive(Clone, Debug)]
pub struct EmbedderOptions {
    /// Folder with `config.json`, `tokenizer.json` and safetensors in the Hugging Face layout.
    pub folder: PathBuf,
    /// The model's name, for [`EmbedderIdentity`].
    pub model: String,
    /// The exact weights, for [`EmbedderIdentity`].
    pub revision: String,
    /// How token states become a vector.
    pub pooling: Pooling,
    /// Written before every question.
    pub query_prefix: String,
    /// Written before every passage.
    pub passage_prefix: String,
    /// Longer texts are cut off here (special tokens included); the model's own limit still holds.
    pub max_tokens: usize,
    /// Jobs that may wait in each lane; more are [`AiError::Busy`].
    pub queue: usize,
    /// Where it computes.
    pub compute: ComputeOptions,
}

/// See [`EmbedderOptions`].
pub struct LocalEmbedder {
    worker: Worker<Model>,
    identity: EmbedderIdentity,
    query_prefix: String,
    passage_prefix: String,
    step_bytes: usize,
}

impl LocalEmbedder {
    /// Loads the model on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when the folder's files are missing, damaged or of another architecture.
    pub async fn start(options: EmbedderOptions) -> Result<Self, AiError> {
        let build = options.clone();
        let worker = Worker::start("embedder", options.queue, move || Model::load(&build)).await?;
        let shape = worker.run(Lane::Urgent, |model, _| Ok((model.encoder.config.hidden, model.budget)));
        let (dimensions, budget) = shape.await?;
        let EmbedderOptions { model, revision, query_prefix, passage_prefix, .. } = options;
        let identity = EmbedderIdentity { model, revision, dimensions };
        Ok(Self { worker, identity, query_prefix, passage_prefix, step_bytes: budget * BYTES_PER_TOKEN })
    }

    pub(in crate::ai) fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    pub(in crate::ai) fn is_ready(&self) -> bool {
        self.worker.is_ready()
    }

    pub(in crate::ai) async fn embed_queries(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, AiError> {
        let texts = prefixed(&self.query_prefix, texts);
        let job = move |model: &mut Model, _: &Caller<'_>| {
            fail::fail_point!("embedder.embed", |_| Err(AiError::Inference("out of memory".to_owned())));
            model.embed(&texts)
        };
        self.worker.run(Lane::Urgent, job).await
    }

    /// One job a step, awaited before the next is queued: a question waits for one step at most.
    pub(in crate::ai) async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, AiError> {
        let mut vectors = Vec::with_capacity(texts.len());
        let mut texts = prefixed(&self.passage_prefix, texts).into_iter().peekable();
        while let Some(first) = texts.next() {
            let mut bytes = first.len();
            let mut step = vec![first];
            while let Some(text) = texts.next_if(|text| bytes + text.len() <= self.step_bytes) {
                bytes += text.len();
                step.push(text);
            }
            vectors.extend(self.worker.run(Lane::Background, move |model, _| model.embed(&step)).await?);
        }
        Ok(vectors)
    }
}

fn prefixed(prefix: &str, texts: Vec<String>) -> Vec<String> {
    if prefix.is_empty() { texts } else { texts.iter().map(|text| format!("{prefix}{text}")).collect() }
}

/// What the thread owns.
struct Model {
    encoder: Encoder,
    tokens: Tokens,
    pooling: Pooling,
    threads: rayon::ThreadPool,
    /// Tokens of one forward pass.
    budget: usize,
}

impl Model {
    fn load(options: &EmbedderOptions) -> Result<Self, AiError> {
        let device = options.compute.open_device()?;
        let encoder = Encoder::load(&options.folder, &Tensors::open(&options.folder)?, &device)?;
        let tokens = Tokens::load(&options.folder, options.max_tokens.min(encoder.config.max_tokens()))?;
        let threads = thread_pool("embedder", &options.compute)?;
        let model =
            Self { encoder, tokens, pooling: options.pooling, threads, budget: batch_tokens(&device) };
        model.embed(&["pemanasan".to_owned()])?;
        Ok(model)
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, AiError> {
        self.threads.install(|| {
            let mut vectors = Vec::with_capacity(texts.len());
            let inputs = texts.iter().map(|text| text.as_str().into());
            for batch in self.tokens.batches(inputs, self.budget)? {
                let hidden = self.encoder.forward(&batch)?;
                let pooled = pool(&hidden, &batch.starts, self.pooling == Pooling::Mean)?;
                vectors.extend(pooled.to_vec2::<f32>()?);
            }
            vectors.iter_mut().for_each(|vector| normalise(vector));
            Ok(vectors)
        })
    }
}

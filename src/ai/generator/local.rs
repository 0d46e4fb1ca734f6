//! A language model on its own thread.

use std::ops::ControlFlow;
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::{GenerateRequest, GeneratorIdentity};
use crate::ai::decoder::{Engine, EngineOptions, Generation, ModelFiles, Prompt};
use crate::ai::{AiError, ComputeOptions, Lane, Worker};

/// A generating model and how it is used.
#[derive(Clone, Debug)]
pub struct GeneratorOptions {
    /// The model's name.
    pub model: String,
    /// The exact weights: a hash or a hub commit.
    pub revision: String,
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json`, `tokenizer_config.json` and safetensors.
    pub path: PathBuf,
    /// How long prompts may be and how they are worked through.
    pub engine: EngineOptions,
    /// Requests that may wait; more are [`AiError::Busy`].
    pub queue: usize,
    /// Where it computes. On the processor, all language models of the process share candle's threads, whose number
    /// is read once from `CANDLE_NUM_THREADS` in the environment; [`ComputeOptions::threads`] does not change it.
    pub compute: ComputeOptions,
}

impl GeneratorOptions {
    /// The model at `path`, named after it, with the defaults.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        Self {
            model: stem.to_string_lossy().into_owned(),
            revision: String::new(),
            path,
            engine: EngineOptions::default(),
            queue: 8,
            compute: ComputeOptions::default(),
        }
    }
}

/// See [`GeneratorOptions`].
pub struct LocalGenerator {
    worker: Worker<Engine>,
    identity: GeneratorIdentity,
}

impl LocalGenerator {
    /// Loads the model on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when its files are missing, damaged or not supported.
    pub async fn start(options: GeneratorOptions) -> Result<Self, AiError> {
        let identity = identity(&options)?;
        let build = {
            let options = options.clone();
            move || Engine::load(&options.path, &options.compute.open_device()?, options.engine)
        };
        let worker = Worker::start("generator", options.queue, build).await?;
        Ok(Self { worker, identity })
    }

    pub(super) fn identity(&self) -> &GeneratorIdentity {
        &self.identity
    }

    pub(super) fn is_ready(&self) -> bool {
        self.worker.is_ready()
    }

    /// Answers; pieces go to `pieces` as they come.
    pub(super) async fn generate(
        &self,
        request: GenerateRequest,
        pieces: Option<mpsc::UnboundedSender<String>>,
    ) -> Result<Generation, AiError> {
        let (prompt, answering, cancel) = request.into_parts();
        let cancelled = cancel.clone();
        let job = self.worker.run(Lane::Urgent, move |engine: &mut Engine, caller| {
            let mut emit = |piece: &str| match &pieces {
                Some(pieces) if pieces.send(piece.to_owned()).is_err() => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            };
            engine.generate(&prompt, &answering, &mut emit, &|| caller.is_gone() || cancelled.is_cancelled())
        });
        // Also while it waits in the queue.
        match cancel.run_until_cancelled(job).await {
            Some(result) => result,
            None => Err(AiError::Cancelled),
        }
    }

    pub(super) async fn choose(&self, prompt: Prompt, options: Vec<String>) -> Result<Vec<f32>, AiError> {
        let job = move |engine: &mut Engine, caller: &crate::ai::Caller<'_>| {
            engine.choose(&prompt, &options, &|| caller.is_gone())
        };
        self.worker.run(Lane::Urgent, job).await
    }
}

fn identity(options: &GeneratorOptions) -> Result<GeneratorIdentity, AiError> {
    let config = ModelFiles::open(&options.path)?.config()?;
    Ok(GeneratorIdentity {
        model: options.model.clone(),
        revision: options.revision.clone(),
        architecture: format!("{:?}", config.architecture).to_lowercase(),
        context: options.engine.context.min(config.context),
    })
}

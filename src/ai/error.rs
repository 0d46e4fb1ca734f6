//! What can go wrong between a text and a model's answer.

/// Why a model gave no answer. Never holds what a patient wrote: it is safe to log.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AiError {
    /// The model's queue is full; the caller falls back at once instead of waiting.
    #[error("the model's queue is full")]
    Busy,
    /// The model panicked on this job. The job is lost, the model is being rebuilt.
    #[error("the model panicked on this input")]
    ModelPanicked,
    /// The model panicked before and could not be rebuilt yet; it is tried again in the background.
    #[error("the model is being restarted")]
    Restarting,
    /// The model's thread has been stopped.
    #[error("the model has been stopped")]
    Stopped,
    /// The input does not fit the model, and cutting it off would change its meaning.
    #[error("the input has {tokens} tokens; the model takes {limit}")]
    InputTooLong {
        /// Tokens of the input.
        tokens: usize,
        /// Tokens the model takes.
        limit: usize,
    },
    /// The caller no longer waits for the answer.
    #[error("cancelled")]
    Cancelled,
    /// The model's files are missing, damaged or of an architecture that is not supported.
    #[error("cannot load {model}: {detail}")]
    Load {
        /// The model's name or folder.
        model: String,
        /// What is wrong and, where it is known, what to do.
        detail: String,
    },
    /// The model's arithmetic failed.
    #[error("inference failed: {0}")]
    Inference(String),
}

impl AiError {
    /// A [`AiError::Load`] from anything that can be displayed.
    pub fn load(model: impl std::fmt::Display, detail: impl std::fmt::Display) -> Self {
        Self::Load { model: model.to_string(), detail: detail.to_string() }
    }
}

impl From<candle_core::Error> for AiError {
    /// Candle's messages name shapes, types and devices, never the input's text.
    fn from(error: candle_core::Error) -> Self {
        Self::Inference(error.to_string())
    }
}

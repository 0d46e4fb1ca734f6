//! Encoders of BERT and XLM-RoBERTa type: an embedder, a cross-encoder that reranks, and a reader that finds answers.
//!
//! ```text
//!  texts ─► tokens ─► batches of sequences end to end ─► model (ops: kernels | GPU) ─► pool ─► vectors, logits
//! ```

mod adapter;
mod config;
mod kernels;
mod local_embedder;
mod local_reader;
mod local_reranker;
mod model;
mod ops;
mod tensors;
mod tokens;
mod unigram;

use candle_core::Device;

use super::{AiError, ComputeOptions};

pub use local_embedder::{EmbedderOptions, LocalEmbedder, Pooling};
pub use local_reader::{LocalReader, ReaderOptions};
pub use local_reranker::{LocalReranker, RerankerOptions};

/// Tokens of one forward pass. On the processor products are at full speed from a few hundred rows on, and a patient's
/// question waits for one pass at most; a GPU is only full with thousands.
fn batch_tokens(device: &Device) -> usize {
    if device.is_cpu() { 512 } else { 8192 }
}

/// The threads that one model's loops and products run on.
fn thread_pool(name: &'static str, compute: &ComputeOptions) -> Result<rayon::ThreadPool, AiError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(compute.thread_count())
        .thread_name(move |index| format!("{name}-{index}"))
        .build()
        .map_err(|error| AiError::load(name, error))
}

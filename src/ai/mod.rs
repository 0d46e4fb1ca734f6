//! The models, in this process: texts to vectors, pairs to scores, prompts to answers.
//!
//! A caller holds an [`Embedder`], a [`Reranker`], a [`Reader`] or a [`Generator`]: enums of a local model and a scripted one for
//! tests. Behind each local one, a [`Worker`] thread owns the model and a bounded queue keeps order; [`models`] says
//! which files a profile needs, fetches and verifies them. [`decoder`] is the language model itself.

mod compute;
pub mod decoder;
mod embedder;
mod encoder;
mod error;
mod generator;
pub mod models;
mod reader;
mod reranker;
mod weights;
mod worker;

pub use compute::{ComputeOptions, DeviceChoice};
pub use embedder::{Embedder, EmbedderIdentity, EmbedderOptions, Pooling, ScriptedEmbedder, dot, dots};
pub use encoder::{LocalEmbedder, LocalReader, LocalReranker};
pub use error::AiError;
pub use generator::{
    GenerateRequest, GenerationStream, Generator, GeneratorIdentity, GeneratorOptions, LocalGenerator, Reply,
    ScriptedGenerator, StreamEvent,
};
pub use reader::{PassageText, Reader, ReaderOptions, Reading, UNREAD};
pub use reranker::{Reranker, RerankerOptions};
pub use weights::MappedFile;
pub use worker::{Caller, Lane, Worker};

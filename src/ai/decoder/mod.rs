//! Our own decoder on candle: one forward pass for Qwen2, Qwen3, Llama and Gemma 3, quantized or not.
//!
//! Candle's stock models grow their caches by copying, return the last position only and cannot go back to an earlier
//! one. This decoder keeps one preallocated cache a sequence whose length can be set back, so the instructions that
//! every question shares are computed once; gives the logits of chosen rows, so answers can be compared without being
//! written; and replaces the many small steps between matrices by a few loops.
//!
//! Read in this order: [`DecoderConfig`] says what a model looks like and [`ModelFiles`] where its tensors are;
//! [`Decoder`] is tokens to logits over a [`KvCache`]; [`Tokens`] and [`ChatTemplate`] are text to tokens;
//! [`Engine`] puts them together: messages to an answer.

mod cache;
mod config;
mod engine;
mod gguf;
mod linear;
mod load;
mod model;
mod ops;
mod prefix;
mod rope;
mod safetensors;
mod sampling;
mod simd;
mod stops;
mod template;
mod tokenizer;

pub use cache::KvCache;
pub use config::{Activation, Architecture, DecoderConfig, LayerSpec};
pub use engine::{Answering, Engine, EngineOptions, Finish, Generation, Prompt};
pub use gguf::GgufFile;
pub use load::ModelFiles;
pub use model::Decoder;
pub use rope::{RopeScaling, RopeSpec, RopeTable};
pub use safetensors::Folder;
pub use sampling::{Sampler, Sampling, argmax, log_probabilities};
pub use template::{ChatMessage, ChatTemplate, Role};
pub use tokenizer::{Detokenizer, Tokens};

//! The transformer: post-norm layers over the tokens of many sequences laid end to end.
//!
//! A batch is one matrix of all its tokens, `[tokens, hidden]`, and only attention knows where sequences begin. So no
//! token of padding is ever computed, and one sequence gets the same numbers alone as beside others.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::config::{EncoderConfig, Family};
use super::kernels;
use super::ops::{AddNorm, Attention, BiasGelu, Vector};
use super::tensors::{Table, Tensors};
use crate::ai::AiError;

/// Token ids of sequences laid end to end.
#[derive(Default)]
pub(super) struct Sequences {
    pub ids: Vec<u32>,
    /// Segment of each token (BERT's pairs); all 0 otherwise.
    pub types: Vec<u32>,
    /// The first token of each sequence, then the number of tokens.
    pub starts: Vec<usize>,
    /// The bytes of its text (of a pair the second) that each token stands for; `(0, 0)` for all others.
    pub spans: Vec<(usize, usize)>,
}

impl Sequences {
    /// Lays another sequence at the end.
    pub fn push(&mut self, ids: &[u32], types: &[u32], spans: &[(usize, usize)]) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.ids.extend_from_slice(ids);
        self.types.extend_from_slice(types);
        self.spans.extend_from_slice(spans);
        self.starts.push(self.ids.len());
    }
}

/// An encoder's weights: lookup tables in their file, matrices in f32 on the device.
pub(super) struct Encoder {
    pub config: EncoderConfig,
    pub device: Device,
    words: Table,
    positions: Table,
    types: Vec<f32>,
    norm: (Vec<f32>, Vec<f32>),
    layers: Vec<Layer>,
}

struct Layer {
    /// Query, key and value side by side, `[hidden, 3 × hidden]`.
    qkv: Tensor,
    qkv_bias: Vector,
    /// `[hidden, hidden]`.
    attention_out: Tensor,
    attention_norm: AddNorm,
    /// `[hidden, intermediate]`.
    up: Tensor,
    gelu: BiasGelu,
    /// `[intermediate, hidden]`.
    down: Tensor,
    norm: AddNorm,
}

impl Encoder {
    /// Loads the encoder of a Hugging Face folder; weights may lie under the family's prefix or bare.
    pub fn load(folder: &Path, tensors: &Tensors, device: &Device) -> Result<Self, AiError> {
        let config = EncoderConfig::load(folder)?;
        let family = if config.family == Family::Bert { "bert." } else { "roberta." };
        let prefix = if tensors.has("embeddings.word_embeddings.weight") { "" } else { family };
        let hidden = config.hidden;
        let name = |suffix: &str| format!("{prefix}embeddings.{suffix}");
        let words = tensors.table(&name("word_embeddings.weight"), [config.vocabulary, hidden])?;
        let positions = tensors.table(&name("position_embeddings.weight"), [config.positions, hidden])?;
        let types = tensors.values(&name("token_type_embeddings.weight"), &[config.token_types, hidden])?;
        let norm = (
            tensors.values(&name("LayerNorm.weight"), &[hidden])?,
            tensors.values(&name("LayerNorm.bias"), &[hidden])?,
        );
        let layers = (0..config.layers)
            .map(|index| Layer::load(tensors, &format!("{prefix}encoder.layer.{index}."), &config, device))
            .collect::<Result<_, _>>()?;
        Ok(Self { config, device: device.clone(), words, positions, types, norm, layers })
    }

    /// The last layer's states, `[tokens, hidden]`.
    ///
    /// # Errors
    /// [`AiError::InputTooLong`] for a sequence beyond the position table, [`AiError::Inference`] for a token that the
    /// vocabulary does not hold.
    pub fn forward(&self, sequences: &Sequences) -> Result<Tensor, AiError> {
        let mut hidden = self.embed(sequences)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &sequences.starts, self.config.heads)?;
        }
        Ok(hidden)
    }

    fn embed(&self, sequences: &Sequences) -> Result<Tensor, AiError> {
        let width = self.config.hidden;
        let mut states = vec![0f32; sequences.ids.len() * width];
        let mut position = vec![0f32; width];
        for span in sequences.starts.windows(2) {
            let (tokens, limit) = (span[1] - span[0], self.config.max_tokens());
            if tokens > limit {
                return Err(AiError::InputTooLong { tokens, limit });
            }
            for token in span[0]..span[1] {
                let row = &mut states[token * width..(token + 1) * width];
                let (id, kind) = (sequences.ids[token] as usize, sequences.types[token] as usize);
                // Families without segments have one row for all.
                let kind = kind.min(self.config.token_types.saturating_sub(1));
                let known = self.words.read_row(id, row)
                    && self.positions.read_row(self.config.first_position + token - span[0], &mut position);
                if !known {
                    return Err(AiError::Inference(format!("token {id} is not in the embedding table")));
                }
                let kind = &self.types[kind * width..(kind + 1) * width];
                row.iter_mut().zip(&position).zip(kind).for_each(|((v, p), t)| *v += p + t);
            }
        }
        kernels::norm(&mut states, &self.norm.0, &self.norm.1, self.config.layer_norm_eps);
        Ok(Tensor::from_vec(states, (sequences.ids.len(), width), &self.device)?)
    }
}

impl Layer {
    fn load(
        tensors: &Tensors,
        prefix: &str,
        config: &EncoderConfig,
        device: &Device,
    ) -> Result<Self, AiError> {
        let (hidden, inner) = (config.hidden, config.intermediate);
        let matrix = |name: &str, rows: usize, columns: usize| -> Result<Tensor, AiError> {
            // Transposed once here: rows of a short batch then stream through memory without being packed first.
            let weight = tensors.tensor(&format!("{prefix}{name}.weight"), &[rows, columns], &Device::Cpu)?;
            Ok(weight.t()?.contiguous()?)
        };
        let vector = |name: &str, length| Vector::load(tensors, &format!("{prefix}{name}"), length, device);
        let norm = |dense: &str, name: &str| -> Result<AddNorm, AiError> {
            Ok(AddNorm {
                bias: vector(&format!("{dense}.bias"), hidden)?,
                scale: vector(&format!("{name}.weight"), hidden)?,
                shift: vector(&format!("{name}.bias"), hidden)?,
                eps: config.layer_norm_eps,
            })
        };
        let parts = ["attention.self.query", "attention.self.key", "attention.self.value"];
        let weights =
            parts.map(|part| matrix(part, hidden, hidden)).into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut biases = Vec::with_capacity(3 * hidden);
        for part in parts {
            biases.extend(tensors.values(&format!("{prefix}{part}.bias"), &[hidden])?);
        }
        Ok(Self {
            qkv: Tensor::cat(&weights, 1)?.to_device(device)?,
            qkv_bias: Vector::new(biases, device)?,
            attention_out: matrix("attention.output.dense", hidden, hidden)?.to_device(device)?,
            attention_norm: norm("attention.output.dense", "attention.output.LayerNorm")?,
            up: matrix("intermediate.dense", inner, hidden)?.to_device(device)?,
            gelu: BiasGelu { bias: vector("intermediate.dense.bias", inner)? },
            down: matrix("output.dense", hidden, inner)?.to_device(device)?,
            norm: norm("output.dense", "output.LayerNorm")?,
        })
    }

    fn forward(&self, hidden: &Tensor, starts: &[usize], heads: usize) -> candle_core::Result<Tensor> {
        let attention = Attention { heads, bias: &self.qkv_bias, starts };
        let context = attention.apply(&hidden.matmul(&self.qkv)?)?;
        let attended = self.attention_norm.apply(context.matmul(&self.attention_out)?, hidden)?;
        let inner = self.gelu.apply(attended.matmul(&self.up)?)?;
        self.norm.apply(inner.matmul(&self.down)?, &attended)
    }
}

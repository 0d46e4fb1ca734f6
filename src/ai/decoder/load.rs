//! From files to a [`Decoder`]: which tensor is which part, in GGUF and in Hugging Face names.

use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};

use super::config::{Architecture, DecoderConfig};
use super::gguf::GgufFile;
use super::linear::{Embedding, Linear};
use super::model::{Decoder, Layer};
use super::ops::RmsNorm;
use super::rope::RopeTable;
use super::safetensors::Folder;
use crate::ai::AiError;

/// A model's files: one GGUF file, or a folder with `config.json` and safetensors.
pub enum ModelFiles {
    /// Quantized, with its tokenizer and chat template inside.
    Gguf(GgufFile),
    /// As models are published.
    Folder(Folder),
}

impl ModelFiles {
    /// Opens what lies at `path`.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or neither of the two.
    pub fn open(path: &Path) -> Result<Self, AiError> {
        if path.is_dir() {
            Folder::open(path).map(Self::Folder)
        } else {
            GgufFile::open(path).map(Self::Gguf)
        }
    }

    /// The description in the files.
    ///
    /// # Errors
    /// [`AiError::Load`], see [`DecoderConfig`].
    pub fn config(&self) -> Result<DecoderConfig, AiError> {
        match self {
            Self::Gguf(file) => DecoderConfig::from_gguf(file),
            Self::Folder(folder) => DecoderConfig::from_json(folder.config()),
        }
    }
}

impl Decoder {
    /// Loads the model for sequences of up to `positions` tokens (at most what it was trained for).
    ///
    /// On the processor, quantized weights stay quantized and dense ones become f32; on a GPU dense ones keep their
    /// type.
    ///
    /// # Errors
    /// [`AiError::Load`] when a tensor is missing or of the wrong shape.
    pub fn load(files: &ModelFiles, positions: usize, device: &Device) -> Result<Self, AiError> {
        let config = files.config()?;
        let positions = positions.min(config.context);
        let parts = Parts { files, config: &config, device };
        let embedding = parts.embedding()?;
        let head = match parts.has_head() {
            true => parts.linear(HEAD, None)?,
            false => embedding.tied(),
        };
        let layers = (0..config.layers.len()).map(|index| parts.layer(index)).collect::<Result<_, _>>()?;
        let ropes = config.ropes.iter().map(|rope| RopeTable::new(rope, config.head_dim, positions, device));
        Ok(Self {
            ropes: ropes.collect::<Result<_, _>>()?,
            norm: parts.norm(FINAL_NORM)?,
            embedding,
            layers,
            head,
            positions,
            device: device.clone(),
            config,
        })
    }
}

/// One tensor's names: in GGUF, in safetensors.
#[derive(Clone, Copy)]
struct Name(&'static str, &'static str);

const EMBEDDING: Name = Name("token_embd", "embed_tokens");
const FINAL_NORM: Name = Name("output_norm", "norm");
const HEAD: Name = Name("output", "lm_head");
const QUERY: Name = Name("attn_q", "self_attn.q_proj");
const KEY: Name = Name("attn_k", "self_attn.k_proj");
const VALUE: Name = Name("attn_v", "self_attn.v_proj");
const OUTPUT: Name = Name("attn_output", "self_attn.o_proj");
const QUERY_NORM: Name = Name("attn_q_norm", "self_attn.q_norm");
const KEY_NORM: Name = Name("attn_k_norm", "self_attn.k_norm");
const ATTENTION_NORM: Name = Name("attn_norm", "input_layernorm");
const ATTENTION_POST_NORM: Name = Name("post_attention_norm", "post_attention_layernorm");
/// The norm before the feed-forward block of a model without post-norms.
const FEED_FORWARD_NORM: Name = Name("ffn_norm", "post_attention_layernorm");
/// … and with them.
const FEED_FORWARD_PRE_NORM: Name = Name("ffn_norm", "pre_feedforward_layernorm");
const FEED_FORWARD_POST_NORM: Name = Name("post_ffw_norm", "post_feedforward_layernorm");
const GATE: Name = Name("ffn_gate", "mlp.gate_proj");
const UP: Name = Name("ffn_up", "mlp.up_proj");
const DOWN: Name = Name("ffn_down", "mlp.down_proj");

struct Parts<'a> {
    files: &'a ModelFiles,
    config: &'a DecoderConfig,
    device: &'a Device,
}

/// A tensor's place: a layer of the model, or outside of all layers.
struct Place<'a> {
    parts: &'a Parts<'a>,
    layer: Option<usize>,
}

impl Place<'_> {
    /// The full name of `name`, ending in `kind` (`weight` or `bias`).
    fn full(&self, name: Name, kind: &str) -> String {
        match (&self.parts.files, self.layer) {
            (ModelFiles::Gguf(_), Some(layer)) => format!("blk.{layer}.{}.{kind}", name.0),
            (ModelFiles::Gguf(_), None) => format!("{}.{kind}", name.0),
            (ModelFiles::Folder(folder), Some(layer)) => {
                format!("{}layers.{layer}.{}.{kind}", folder.prefix(), name.1)
            }
            (ModelFiles::Folder(_), None) if name.1 == HEAD.1 => format!("{}.{kind}", name.1),
            (ModelFiles::Folder(folder), None) => format!("{}{}.{kind}", folder.prefix(), name.1),
        }
    }
}

impl<'a> Parts<'a> {
    fn at(&'a self, layer: Option<usize>) -> Place<'a> {
        Place { parts: self, layer }
    }

    fn has(&self, name: &str) -> bool {
        match self.files {
            ModelFiles::Gguf(file) => file.has(name),
            ModelFiles::Folder(folder) => folder.has(name),
        }
    }

    fn has_head(&self) -> bool {
        self.has(&self.at(None).full(HEAD, "weight"))
    }

    /// A small tensor as f32.
    fn vector(&self, name: &str) -> Result<Tensor, AiError> {
        match self.files {
            ModelFiles::Gguf(file) => file.dense(name, self.device),
            ModelFiles::Folder(folder) => Ok(folder.tensor(name, self.device)?.to_dtype(DType::F32)?),
        }
    }

    fn norm(&self, name: Name) -> Result<RmsNorm, AiError> {
        self.norm_at(self.at(None), name)
    }

    fn norm_at(&self, place: Place<'_>, name: Name) -> Result<RmsNorm, AiError> {
        let stored = self.vector(&place.full(name, "weight"))?;
        let weight = if self.config.norm_shifted { (stored + 1.0)? } else { stored };
        Ok(RmsNorm { weight, eps: self.config.norm_eps })
    }

    fn embedding(&self) -> Result<Embedding, AiError> {
        let name = self.at(None).full(EMBEDDING, "weight");
        match self.files {
            ModelFiles::Gguf(file) => {
                let table = file.table(&name, self.device)?;
                match is_float(&table) {
                    true => Ok(Embedding::Dense(table.dequantize(self.device)?)),
                    false => Ok(Embedding::Quantized(Arc::new(table))),
                }
            }
            ModelFiles::Folder(folder) => {
                Ok(Embedding::Dense(self.compute_type(folder.tensor(&name, self.device)?)?))
            }
        }
    }

    /// Half-precision products on the processor convert every weight every time: f32 from the start is faster.
    fn compute_type(&self, weight: Tensor) -> Result<Tensor, AiError> {
        Ok(if self.device.is_cpu() { weight.to_dtype(DType::F32)? } else { weight })
    }

    fn linear(&self, name: Name, layer: Option<usize>) -> Result<Linear, AiError> {
        let place = self.at(layer);
        let (weight_name, bias_name) = (place.full(name, "weight"), place.full(name, "bias"));
        let bias = self.has(&bias_name).then(|| self.vector(&bias_name)).transpose()?;
        let file = match self.files {
            ModelFiles::Folder(folder) => {
                let weight = self.compute_type(folder.tensor(&weight_name, self.device)?)?;
                return Ok(Linear::Dense { weight, bias });
            }
            ModelFiles::Gguf(file) => file,
        };
        let weight = file.matrix(&weight_name, self.interleaved_heads(name), self.device)?;
        if is_float(&weight) {
            return Ok(Linear::Dense { weight: weight.dequantize(self.device)?, bias });
        }
        let inputs = match name.0 {
            down if down == DOWN.0 => file.columns(&weight_name)?,
            output if output == OUTPUT.0 => self.config.heads * self.config.head_dim,
            _ => self.config.hidden,
        };
        Ok(Linear::Quantized { weight: Arc::new(weight), bias, inputs })
    }

    /// llama.cpp's converter stores Llama's queries and keys for rotation of neighbouring values.
    fn interleaved_heads(&self, name: Name) -> Option<usize> {
        match (self.config.architecture, name.0) {
            (Architecture::Llama, query) if query == QUERY.0 => Some(self.config.heads),
            (Architecture::Llama, key) if key == KEY.0 => Some(self.config.kv_heads),
            _ => None,
        }
    }

    fn layer(&self, index: usize) -> Result<Layer, AiError> {
        let norm = |name| self.norm_at(self.at(Some(index)), name);
        let linear = |name| self.linear(name, Some(index));
        let (qk_norm, post_norms) = (self.config.has_qk_norm(), self.config.has_post_norms());
        let norm_if = |wanted: bool, name| wanted.then(|| norm(name)).transpose();
        Ok(Layer {
            spec: self.config.layers[index].clone(),
            attention_norm: norm(ATTENTION_NORM)?,
            query: linear(QUERY)?,
            key: linear(KEY)?,
            value: linear(VALUE)?,
            output: linear(OUTPUT)?,
            query_norm: norm_if(qk_norm, QUERY_NORM)?,
            key_norm: norm_if(qk_norm, KEY_NORM)?,
            attention_post_norm: norm_if(post_norms, ATTENTION_POST_NORM)?,
            feed_forward_norm: norm(if post_norms { FEED_FORWARD_PRE_NORM } else { FEED_FORWARD_NORM })?,
            gate: linear(GATE)?,
            up: linear(UP)?,
            down: linear(DOWN)?,
            feed_forward_post_norm: norm_if(post_norms, FEED_FORWARD_POST_NORM)?,
        })
    }
}

fn is_float(weight: &QTensor) -> bool {
    matches!(weight.dtype(), GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16)
}

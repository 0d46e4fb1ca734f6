//! What a decoder looks like: one description for every architecture, read from GGUF metadata or `config.json`.

use serde_json::Value as Json;

use super::gguf::GgufFile;
use super::rope::{RopeScaling, RopeSpec};
use crate::ai::AiError;

/// The model families this decoder runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Qwen2 and Qwen2.5: biases on the query, key and value projections.
    Qwen2,
    /// Qwen3: queries and keys are normalised per head.
    Qwen3,
    /// Llama 2 and 3, and the models tuned from them.
    Llama,
    /// Gemma 3 (text): norms before and after each block, most layers see a sliding window.
    Gemma3,
}

impl Architecture {
    fn from_name(name: &str) -> Result<Self, AiError> {
        match name {
            "qwen2" => Ok(Self::Qwen2),
            "qwen3" => Ok(Self::Qwen3),
            "llama" => Ok(Self::Llama),
            "gemma3" | "gemma3_text" => Ok(Self::Gemma3),
            other => Err(AiError::load(other, "this architecture is not one of qwen2, qwen3, llama, gemma3")),
        }
    }
}

/// The gate's activation in the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x · sigmoid(x).
    Silu,
    /// GELU in its tanh form.
    GeluTanh,
}

/// A layer's view of the past and the rotary table it uses.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// A token attends to itself and the `window - 1` tokens before it; `None`: to all of them.
    pub window: Option<usize>,
    /// Index into [`DecoderConfig::ropes`].
    pub rope: usize,
}

/// Everything about a decoder that is not a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderConfig {
    /// The family.
    pub architecture: Architecture,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width of one head.
    pub head_dim: usize,
    /// Longest sequence that the model was trained for.
    pub context: usize,
    /// Added to the mean square in every RMS norm.
    pub norm_eps: f32,
    /// The stored norm weights are w − 1 (Gemma's safetensors; its GGUF files store w).
    pub norm_shifted: bool,
    /// Activation of the gate.
    pub activation: Activation,
    /// Embeddings are multiplied by this.
    pub embedding_scale: f32,
    /// Attention scores are multiplied by this.
    pub attention_scale: f32,
    /// The distinct rotary embeddings.
    pub ropes: Vec<RopeSpec>,
    /// One entry per layer.
    pub layers: Vec<LayerSpec>,
}

impl DecoderConfig {
    /// Queries and keys are normalised per head.
    pub fn has_qk_norm(&self) -> bool {
        matches!(self.architecture, Architecture::Qwen3 | Architecture::Gemma3)
    }

    /// Each block's output is normalised before it joins the residual stream.
    pub fn has_post_norms(&self) -> bool {
        self.architecture == Architecture::Gemma3
    }

    /// Reads the description from GGUF metadata (key names: the GGUF specification, `docs/gguf.md` of ggml).
    ///
    /// # Errors
    /// [`AiError::Load`] on a missing key or an architecture or rope scaling that is not supported.
    pub fn from_gguf(file: &GgufFile) -> Result<Self, AiError> {
        let name = file.string("general.architecture")?;
        let architecture = Architecture::from_name(name)?;
        let number = |key: &str| file.number(&format!("{name}.{key}"));
        let float = |key: &str| file.float(&format!("{name}.{key}"));
        let hidden = number("embedding_length")?;
        let heads = number("attention.head_count")?;
        let head_dim = number("attention.key_length").or_else(|_| divide(hidden, heads))?;
        let count = number("block_count")?;
        let scaling = match file.string(&format!("{name}.rope.scaling.type")).unwrap_or("none") {
            "none" => match file.rope_factors()? {
                Some(factors) => RopeScaling::Factors(factors),
                None => RopeScaling::None,
            },
            "linear" => RopeScaling::Linear { factor: float("rope.scaling.factor")? },
            other => return Err(unsupported_scaling(other)),
        };
        let theta = float("rope.freq_base").unwrap_or(10_000.0);
        // Gemma 3 27B scales by its hidden width per head; every other size by its head width.
        let query_width = match architecture {
            Architecture::Gemma3 if count == 62 => divide(hidden, heads)?,
            _ => head_dim,
        };
        let sliding = match architecture {
            Architecture::Gemma3 => Some(Sliding {
                window: number("attention.sliding_window")?,
                theta: float("rope.local_freq_base").unwrap_or(10_000.0),
                global: (1..=count).map(|layer| layer % GEMMA3_GLOBAL_EVERY == 0).collect(),
            }),
            _ => None,
        };
        Shape {
            architecture,
            hidden,
            heads,
            kv_heads: number("attention.head_count_kv").unwrap_or(heads),
            head_dim,
            count,
            context: number("context_length")?,
            norm_eps: float("attention.layer_norm_rms_epsilon")?,
            norm_shifted: false,
            query_width,
            theta,
            scaling,
            sliding,
        }
        .describe()
    }

    /// Reads the description from a model folder's `config.json` (names: Hugging Face transformers 4 and 5).
    ///
    /// # Errors
    /// [`AiError::Load`] on a missing key or an architecture or rope scaling that is not supported.
    pub fn from_json(json: &Json) -> Result<Self, AiError> {
        // Multimodal Gemma 3 nests the text model; the nested part names its own type.
        let json = json.get("text_config").unwrap_or(json);
        let name = json.get("model_type").and_then(Json::as_str).unwrap_or_default();
        let architecture = Architecture::from_name(name)?;
        let gemma = architecture == Architecture::Gemma3;
        let number = |key: &str, default: Option<usize>| {
            let found = json.get(key).and_then(Json::as_u64).map(|n| n as usize);
            found.or(default).ok_or_else(|| AiError::load(name, format!("config.json has no number `{key}`")))
        };
        let hidden = number("hidden_size", None)?;
        // The defaults are those of Gemma3TextConfig, whose files leave them out.
        let heads = number("num_attention_heads", gemma.then_some(8))?;
        let default_head_dim = match architecture {
            Architecture::Gemma3 => 256,
            Architecture::Qwen3 => 128,
            Architecture::Qwen2 | Architecture::Llama => divide(hidden, heads)?,
        };
        let head_dim = number("head_dim", Some(default_head_dim))?;
        let count = number("num_hidden_layers", None)?;
        let rope = JsonRope::new(json);
        let sliding = match architecture {
            Architecture::Gemma3 => Some(Sliding {
                window: number("sliding_window", Some(4096))?,
                theta: rope
                    .of_layer_type("sliding_attention", "rope_theta")
                    .or_else(|| json_float(json, "rope_local_base_freq"))
                    .unwrap_or(10_000.0),
                global: global_layers(json, count),
            }),
            _ if json.get("use_sliding_window").and_then(Json::as_bool) == Some(true) => {
                return Err(AiError::load(name, "use_sliding_window is not supported for this architecture"));
            }
            _ => None,
        };
        Shape {
            architecture,
            hidden,
            heads,
            kv_heads: number("num_key_value_heads", Some(if gemma { 4 } else { heads }))?,
            head_dim,
            count,
            context: number("max_position_embeddings", gemma.then_some(131_072))?,
            norm_eps: json_float(json, "rms_norm_eps").unwrap_or(1e-6),
            norm_shifted: gemma,
            query_width: number("query_pre_attn_scalar", Some(if gemma { 256 } else { head_dim }))?,
            theta: rope.theta().unwrap_or(if gemma { 1e6 } else { 10_000.0 }),
            scaling: rope.scaling()?,
            sliding,
        }
        .describe()
    }
}

/// Every sixth layer of Gemma 3 sees the whole past.
const GEMMA3_GLOBAL_EVERY: usize = 6;

/// What both kinds of file say, before the architecture's own rules.
struct Shape {
    architecture: Architecture,
    hidden: usize,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    count: usize,
    context: usize,
    norm_eps: f64,
    norm_shifted: bool,
    query_width: usize,
    theta: f64,
    scaling: RopeScaling,
    sliding: Option<Sliding>,
}

struct Sliding {
    window: usize,
    theta: f64,
    /// For each layer, whether it sees the whole past.
    global: Vec<bool>,
}

impl Shape {
    fn describe(self) -> Result<DecoderConfig, AiError> {
        if self.kv_heads == 0 || !self.heads.is_multiple_of(self.kv_heads) || !self.head_dim.is_multiple_of(2)
        {
            return Err(AiError::load(
                format!("{:?}", self.architecture),
                format!("{} heads, {} key heads, width {}", self.heads, self.kv_heads, self.head_dim),
            ));
        }
        let gemma = self.architecture == Architecture::Gemma3;
        let mut ropes = vec![RopeSpec { theta: self.theta, scaling: self.scaling }];
        let layers = match self.sliding {
            None => vec![LayerSpec { window: None, rope: 0 }; self.count],
            Some(sliding) => {
                ropes.push(RopeSpec { theta: sliding.theta, scaling: RopeScaling::None });
                let layer = |&global: &bool| match global {
                    true => LayerSpec { window: None, rope: 0 },
                    false => LayerSpec { window: Some(sliding.window), rope: 1 },
                };
                sliding.global.iter().map(layer).collect()
            }
        };
        Ok(DecoderConfig {
            architecture: self.architecture,
            hidden: self.hidden,
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
            context: self.context,
            norm_eps: self.norm_eps as f32,
            norm_shifted: self.norm_shifted,
            activation: if gemma { Activation::GeluTanh } else { Activation::Silu },
            embedding_scale: if gemma { (self.hidden as f32).sqrt() } else { 1.0 },
            attention_scale: (self.query_width as f32).sqrt().recip(),
            ropes,
            layers,
        })
    }
}

fn divide(hidden: usize, heads: usize) -> Result<usize, AiError> {
    hidden.checked_div(heads).ok_or_else(|| AiError::load("model", "it has no attention heads"))
}

fn unsupported_scaling(kind: &str) -> AiError {
    AiError::load("model", format!("rope scaling `{kind}` is not one of none, linear, llama3"))
}

fn json_float(json: &Json, key: &str) -> Option<f64> {
    json.get(key).and_then(Json::as_f64)
}

fn global_layers(json: &Json, count: usize) -> Vec<bool> {
    if let Some(types) = json.get("layer_types").and_then(Json::as_array) {
        return types.iter().map(|kind| kind.as_str() == Some("full_attention")).collect();
    }
    let every = json.get("sliding_window_pattern").and_then(Json::as_u64);
    let every = every.map_or(GEMMA3_GLOBAL_EVERY, |n| n.max(1) as usize);
    (1..=count).map(|layer| layer % every == 0).collect()
}

/// Rotary settings of `config.json`: `rope_theta` and `rope_scaling` of transformers 4, or `rope_parameters` of
/// transformers 5, which Gemma keys by layer type.
struct JsonRope<'a> {
    json: &'a Json,
    parameters: Option<&'a Json>,
}

impl<'a> JsonRope<'a> {
    fn new(json: &'a Json) -> Self {
        let parameters = json.get("rope_parameters").filter(|value| !value.is_null());
        Self { json, parameters }
    }

    fn of_layer_type(&self, layer_type: &str, key: &str) -> Option<f64> {
        self.parameters.and_then(|p| p.get(layer_type)).and_then(|p| json_float(p, key))
    }

    fn settings(&self) -> Option<&'a Json> {
        let flat = self.parameters.map(|p| p.get("full_attention").unwrap_or(p));
        flat.or_else(|| self.json.get("rope_scaling").filter(|value| !value.is_null()))
    }

    fn theta(&self) -> Option<f64> {
        let nested = self.settings().and_then(|settings| json_float(settings, "rope_theta"));
        nested.or_else(|| json_float(self.json, "rope_theta"))
    }

    fn scaling(&self) -> Result<RopeScaling, AiError> {
        let Some(settings) = self.settings() else { return Ok(RopeScaling::None) };
        let kind = settings.get("rope_type").or_else(|| settings.get("type"));
        let float = |key: &str| {
            json_float(settings, key)
                .ok_or_else(|| AiError::load("config.json", format!("rope scaling has no number `{key}`")))
        };
        match kind.and_then(Json::as_str).unwrap_or("default") {
            "default" => Ok(RopeScaling::None),
            "linear" => Ok(RopeScaling::Linear { factor: float("factor")? }),
            "llama3" => Ok(RopeScaling::Llama3 {
                factor: float("factor")?,
                low_freq_factor: float("low_freq_factor")?,
                high_freq_factor: float("high_freq_factor")?,
                original_context: float("original_max_position_embeddings")?,
            }),
            other => Err(unsupported_scaling(other)),
        }
    }
}

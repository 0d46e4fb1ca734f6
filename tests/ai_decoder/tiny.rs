//! Tiny models with weights made from their tensors' names (as `tests/reference/decoders.py` makes them), written as
//! safetensors folders and as GGUF files.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use satubumi::ai::decoder::{Decoder, ModelFiles};
use serde_json::Value as Json;

/// A model's `config.json`; its weights follow from it.
#[derive(Clone)]
pub struct Tiny {
    pub config: Json,
}

/// The fixture of `tests/reference/decoders.py`.
pub fn fixture() -> Json {
    serde_json::from_str(include_str!("../reference/decoders.json")).unwrap()
}

/// The tiny model `name` of the fixture.
pub fn tiny(name: &str) -> Tiny {
    let fixture = fixture();
    let case = fixture["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
    Tiny { config: case["config"].clone() }
}

/// All architectures of the fixture.
pub const NAMES: [&str; 5] = ["qwen2", "qwen3", "llama", "llama3-scaled", "gemma3"];

fn values(name: &str, count: usize, scale: f64) -> Vec<f32> {
    let fnv = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let mut state = name.bytes().fold(2_166_136_261, fnv);
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((f64::from(state >> 8) / 8_388_608.0 - 1.0) * scale) as f32
    };
    (0..count).map(next).collect()
}

impl Tiny {
    /// The same model, wider: for quantized types with large blocks.
    pub fn with(mut self, changes: &[(&str, usize)]) -> Self {
        for (key, value) in changes {
            self.config[*key] = Json::from(*value);
        }
        self
    }

    fn number(&self, key: &str) -> usize {
        self.config[key].as_u64().unwrap() as usize
    }

    fn family(&self) -> &str {
        match self.config["model_type"].as_str().unwrap() {
            "gemma3_text" => "gemma3",
            other => other,
        }
    }

    fn is_gemma(&self) -> bool {
        self.family() == "gemma3"
    }

    pub fn head_dim(&self) -> usize {
        let default = self.number("hidden_size") / self.number("num_attention_heads");
        self.config["head_dim"].as_u64().map_or(default, |width| width as usize)
    }

    pub fn layers(&self) -> usize {
        self.number("num_hidden_layers")
    }

    /// Names and shapes of all tensors, as transformers has them.
    fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, inner) = (self.number("hidden_size"), self.number("intermediate_size"));
        let query = self.number("num_attention_heads") * self.head_dim();
        let key = self.number("num_key_value_heads") * self.head_dim();
        let vocabulary = self.number("vocab_size");
        let mut shapes = vec![
            ("model.embed_tokens.weight".to_owned(), vec![vocabulary, hidden]),
            ("model.norm.weight".to_owned(), vec![hidden]),
        ];
        if self.config["tie_word_embeddings"] == false {
            shapes.push(("lm_head.weight".to_owned(), vec![vocabulary, hidden]));
        }
        let mut parts = vec![
            ("input_layernorm.weight", vec![hidden]),
            ("post_attention_layernorm.weight", vec![hidden]),
            ("self_attn.q_proj.weight", vec![query, hidden]),
            ("self_attn.k_proj.weight", vec![key, hidden]),
            ("self_attn.v_proj.weight", vec![key, hidden]),
            ("self_attn.o_proj.weight", vec![hidden, query]),
            ("mlp.gate_proj.weight", vec![inner, hidden]),
            ("mlp.up_proj.weight", vec![inner, hidden]),
            ("mlp.down_proj.weight", vec![hidden, inner]),
        ];
        if self.family() == "qwen2" {
            parts.push(("self_attn.q_proj.bias", vec![query]));
            parts.push(("self_attn.k_proj.bias", vec![key]));
            parts.push(("self_attn.v_proj.bias", vec![key]));
        }
        if self.is_gemma() {
            parts.push(("pre_feedforward_layernorm.weight", vec![hidden]));
            parts.push(("post_feedforward_layernorm.weight", vec![hidden]));
        }
        if self.is_gemma() || self.family() == "qwen3" {
            parts.push(("self_attn.q_norm.weight", vec![self.head_dim()]));
            parts.push(("self_attn.k_norm.weight", vec![self.head_dim()]));
        }
        for layer in 0..self.layers() {
            let full =
                |(name, shape): &(&str, Vec<usize>)| (format!("model.layers.{layer}.{name}"), shape.clone());
            shapes.extend(parts.iter().map(full));
        }
        shapes
    }

    /// All tensors, f32.
    pub fn tensors(&self) -> HashMap<String, Tensor> {
        let make = |(name, shape): (String, Vec<usize>)| {
            let count = shape.iter().product();
            let values = match shape.as_slice() {
                [_, inputs] => values(&name, count, (3.0 / *inputs as f64).sqrt()),
                _ => {
                    let is_norm = name.ends_with("norm.weight") && !self.is_gemma();
                    let centre = if is_norm { 1.0 } else { 0.0 };
                    values(&name, count, 0.25).into_iter().map(|x| x + centre).collect()
                }
            };
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
            (name, tensor)
        };
        self.shapes().into_iter().map(make).collect()
    }

    /// Writes `config.json` and the weights, in `dtype`, over `shards` files.
    pub fn write_folder(&self, folder: &Path, dtype: DType, shards: usize) {
        std::fs::write(folder.join("config.json"), self.config.to_string()).unwrap();
        let mut parts = vec![HashMap::new(); shards];
        for (index, (name, tensor)) in self.tensors().into_iter().enumerate() {
            parts[index % shards].insert(name, tensor.to_dtype(dtype).unwrap());
        }
        for (index, part) in parts.iter().enumerate() {
            let name = format!("model-{:05}-of-{shards:05}.safetensors", index + 1);
            candle_core::safetensors::save(part, folder.join(name)).unwrap();
        }
    }

    /// Writes the model as llama.cpp's converter would: its names, Llama's queries and keys in pairs, Gemma's norms
    /// plus one. Matrices are stored as `dtype`.
    pub fn write_gguf(&self, path: &Path, dtype: GgmlDType) {
        self.write_gguf_as(path, |matrix| QTensor::quantize(&matrix, dtype).unwrap());
    }

    fn write_gguf_as(&self, path: &Path, store: impl Fn(Tensor) -> QTensor) {
        let tensors: Vec<(String, QTensor)> = self
            .tensors()
            .into_iter()
            .map(|(name, tensor)| {
                let is_matrix = tensor.rank() == 2;
                let tensor = self.as_converted(&name, tensor);
                let stored = if is_matrix { store(tensor) } else { float(&tensor) };
                (gguf_name(&name, self.is_gemma()), stored)
            })
            .chain(self.rope_factors())
            .collect();
        let metadata = self.metadata();
        let metadata: Vec<(&str, &Value)> =
            metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, t)| (name.as_str(), t)).collect();
        gguf_file::write(&mut File::create(path).unwrap(), &metadata, &tensors).unwrap();
    }

    fn as_converted(&self, name: &str, tensor: Tensor) -> Tensor {
        if self.is_gemma() && name.ends_with("norm.weight") {
            return (tensor + 1.0).unwrap();
        }
        let is_rotated = name.ends_with("q_proj.weight") || name.ends_with("k_proj.weight");
        if self.family() != "llama" || !is_rotated {
            return tensor;
        }
        let (rows, columns) = tensor.dims2().unwrap();
        let half = self.head_dim() / 2;
        let split = tensor.reshape((rows / (2 * half), 2, half, columns)).unwrap();
        split.transpose(1, 2).unwrap().contiguous().unwrap().reshape((rows, columns)).unwrap()
    }

    /// The converter stores Llama 3's scaling as one divisor a pair (`modeling_rope_utils` of transformers).
    fn rope_factors(&self) -> Option<(String, QTensor)> {
        let scaling = self.config.get("rope_scaling").filter(|s| s["rope_type"] == "llama3")?;
        let number = |key: &str| scaling[key].as_f64().unwrap();
        let theta = self.config["rope_theta"].as_f64().unwrap();
        let (low, high) = (number("low_freq_factor"), number("high_freq_factor"));
        let (context, factor) = (number("original_max_position_embeddings"), number("factor"));
        let divisor = |pair: usize| {
            let wavelength =
                2.0 * std::f64::consts::PI * theta.powf(2.0 * pair as f64 / self.head_dim() as f64);
            if wavelength < context / high {
                1.0
            } else if wavelength > context / low {
                factor as f32
            } else {
                let smooth = (context / wavelength - low) / (high - low);
                (1.0 / ((1.0 - smooth) / factor + smooth)) as f32
            }
        };
        let factors: Vec<f32> = (0..self.head_dim() / 2).map(divisor).collect();
        let factors = Tensor::new(factors, &Device::Cpu).unwrap();
        Some(("rope_freqs.weight".to_owned(), float(&factors)))
    }

    fn metadata(&self) -> Vec<(String, Value)> {
        let family = self.family().to_owned();
        let mut entries = vec![("general.architecture".to_owned(), Value::String(family.clone()))];
        let mut number = |key: &str, value: usize| {
            entries.push((format!("{family}.{key}"), Value::U32(value as u32)));
        };
        number("embedding_length", self.number("hidden_size"));
        number("feed_forward_length", self.number("intermediate_size"));
        number("block_count", self.layers());
        number("attention.head_count", self.number("num_attention_heads"));
        number("attention.head_count_kv", self.number("num_key_value_heads"));
        number("attention.key_length", self.head_dim());
        number("attention.value_length", self.head_dim());
        number("context_length", self.number("max_position_embeddings"));
        number("rope.dimension_count", self.head_dim());
        if self.is_gemma() {
            number("attention.sliding_window", self.number("sliding_window"));
        }
        let mut float = |key: &str, value: &Json| {
            entries.push((format!("{family}.{key}"), Value::F32(value.as_f64().unwrap() as f32)));
        };
        float("attention.layer_norm_rms_epsilon", &self.config["rms_norm_eps"]);
        float("rope.freq_base", &self.config["rope_theta"]);
        if self.is_gemma() && !self.config["rope_scaling"].is_null() {
            float("rope.scaling.factor", &self.config["rope_scaling"]["factor"]);
            entries.push((format!("{family}.rope.scaling.type"), Value::String("linear".to_owned())));
        }
        entries
    }
}

fn float(tensor: &Tensor) -> QTensor {
    QTensor::quantize(tensor, GgmlDType::F32).unwrap()
}

fn gguf_name(name: &str, has_post_norms: bool) -> String {
    const PARTS: [(&str, &str); 14] = [
        ("input_layernorm", "attn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("pre_feedforward_layernorm", "ffn_norm"),
        ("post_feedforward_layernorm", "post_ffw_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
        ("model.embed_tokens", "token_embd"),
        ("lm_head", "output"),
    ];
    if name == "model.norm.weight" {
        return "output_norm.weight".to_owned();
    }
    let name = name.replace("model.layers.", "blk.");
    let found = PARTS.iter().find(|(ours, _)| name.contains(ours));
    match found {
        Some((ours, theirs)) => name.replace(ours, theirs),
        // Without post-norms, it is the norm before the feed-forward block.
        None if has_post_norms => name.replace("post_attention_layernorm", "post_attention_norm"),
        None => name.replace("post_attention_layernorm", "ffn_norm"),
    }
}

/// A decoder loaded from what `write` put into a folder, at the path that it returns.
pub fn load(write: impl FnOnce(&Path) -> PathBuf) -> Decoder {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path());
    Decoder::load(&ModelFiles::open(&path).unwrap(), 512, &Device::Cpu).unwrap()
}

/// The tiny model as f32 safetensors.
pub fn dense(tiny: &Tiny) -> Decoder {
    load(|folder| {
        tiny.write_folder(folder, DType::F32, 1);
        folder.to_owned()
    })
}

/// The tiny model as a GGUF file with matrices of `dtype`.
pub fn gguf(tiny: &Tiny, dtype: GgmlDType) -> Decoder {
    load(|folder| {
        let path = folder.join("tiny.gguf");
        tiny.write_gguf(&path, dtype);
        path
    })
}

/// The tiny model in f32 with the weights that are left after rounding them to `dtype`: what a quantized model would
/// answer if its products were exact.
pub fn rounded(tiny: &Tiny, dtype: GgmlDType) -> Decoder {
    load(|folder| {
        let path = folder.join("tiny.gguf");
        tiny.write_gguf_as(&path, |matrix| {
            let rounded = QTensor::quantize(&matrix, dtype).unwrap();
            float(&rounded.dequantize(&Device::Cpu).unwrap())
        });
        path
    })
}

/// Token ids that visit the whole tiny vocabulary.
pub fn tokens(count: usize) -> Vec<u32> {
    (0..count as u32).map(|index| (index * 37 + 11) % 96).collect()
}

/// Logits of every one of `ids`, computed at once on an empty cache.
pub fn all_logits(decoder: &Decoder, ids: &[u32]) -> Vec<Vec<f32>> {
    let mut cache = decoder.new_cache().unwrap();
    decoder.forward(&mut cache, ids, 0..ids.len()).unwrap().unwrap().to_vec2().unwrap()
}

/// The largest difference, as a share of the largest value.
pub fn distance(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(f32::MIN_POSITIVE, |max, x| max.max(x.abs()));
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

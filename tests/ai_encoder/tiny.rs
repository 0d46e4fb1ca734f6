//! Tiny encoders with made-up weights, in folders of the Hugging Face layout.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, tensor::TensorView};
use satubumi::ai::{ComputeOptions, DeviceChoice, EmbedderOptions, Pooling, ReaderOptions, RerankerOptions};
use serde_json::{Value, json};

pub const HIDDEN: usize = 32;
const LAYERS: usize = 2;
const INNER: usize = 64;
const WORDS: usize = 40;

/// Which of the two families a tiny model is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    Bert,
    XlmRoberta,
}

impl Family {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::XlmRoberta => "xlm-roberta",
        }
    }

    /// Rows of the position table and of the token type table.
    fn tables(self) -> (usize, usize) {
        match self {
            Self::Bert => (24, 2),
            Self::XlmRoberta => (26, 1),
        }
    }

    pub fn config(self) -> Value {
        let (positions, types) = self.tables();
        json!({
            "model_type": self.name(), "vocab_size": WORDS, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
            "num_attention_heads": 4, "intermediate_size": INNER, "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "pad_token_id": 1,
            "max_position_embeddings": positions, "type_vocab_size": types, "initializer_range": 0.02,
            "layer_norm_eps": if self == Self::Bert { 1e-12 } else { 1e-5 },
            "position_embedding_type": "absolute", "id2label": { "0": "LABEL_0" },
        })
    }
}

/// The encoder's tensors; names begin with `prefix`.
pub fn weights(family: Family, prefix: &str) -> HashMap<String, Tensor> {
    let (positions, types) = family.tables();
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![WORDS, HIDDEN]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![positions, HIDDEN]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![types, HIDDEN]),
        ("embeddings.LayerNorm.weight".to_owned(), vec![HIDDEN]),
        ("embeddings.LayerNorm.bias".to_owned(), vec![HIDDEN]),
    ];
    for layer in 0..LAYERS {
        for (module, rows, columns) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", INNER, HIDDEN),
            ("output.dense", HIDDEN, INNER),
        ] {
            shapes.push((format!("encoder.layer.{layer}.{module}.weight"), vec![rows, columns]));
            shapes.push((format!("encoder.layer.{layer}.{module}.bias"), vec![rows]));
        }
        for module in ["attention.output.LayerNorm", "output.LayerNorm"] {
            shapes.push((format!("encoder.layer.{layer}.{module}.weight"), vec![HIDDEN]));
            shapes.push((format!("encoder.layer.{layer}.{module}.bias"), vec![HIDDEN]));
        }
    }
    let named = shapes.into_iter().map(|(name, shape)| (format!("{prefix}{name}"), shape));
    named.map(|(name, shape)| (name.clone(), made_up(&name, &shape))).collect()
}

/// The tensors of a cross-encoder with one label.
pub fn reranker_weights(family: Family) -> HashMap<String, Tensor> {
    let (mut tensors, head) = match family {
        Family::Bert => (weights(family, "bert."), ["bert.pooler.dense", "classifier"]),
        Family::XlmRoberta => (weights(family, "roberta."), ["classifier.dense", "classifier.out_proj"]),
    };
    for (module, rows) in head.into_iter().zip([HIDDEN, 1]) {
        for (part, shape) in [("weight", vec![rows, HIDDEN]), ("bias", vec![rows])] {
            let name = format!("{module}.{part}");
            tensors.insert(name.clone(), made_up(&name, &shape));
        }
    }
    tensors
}

/// A reader's adapter for weights of that revision: changes of rank 3 for every matrix of the layers, and the heads.
pub fn adapter(base: &str) -> Vec<u8> {
    let mut tensors = vec![];
    for (name, tensor) in weights(Family::Bert, "") {
        let (Some(matrix), Ok((rows, columns))) = (name.strip_suffix(".weight"), tensor.dims2()) else {
            continue;
        };
        if name.starts_with("encoder.") {
            tensors.push((format!("{matrix}.lora_A.weight"), vec![3, columns]));
            tensors.push((format!("{matrix}.lora_B.weight"), vec![rows, 3]));
        }
    }
    for head in ["answers", "line"] {
        tensors.push((format!("{head}.weight"), vec![1, HIDDEN]));
        tensors.push((format!("{head}.bias"), vec![1]));
    }
    let bytes = |name: &str, shape: &[usize]| -> Vec<u8> {
        let values: Vec<f32> = made_up(name, shape).flatten_all().unwrap().to_vec1().unwrap();
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, shape)| {
            let bytes = bytes(&name, &shape);
            (name, shape, bytes)
        })
        .collect();
    let views = data
        .iter()
        .map(|(name, shape, bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let said = [("base", base), ("scale", "0.5")];
    let metadata = said.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
    safetensors::serialize(views, Some(metadata)).unwrap()
}

/// The rule of tests/reference/encoders.py: the name's FNV-1a hash seeds a linear congruential generator.
fn made_up(name: &str, shape: &[usize]) -> Tensor {
    let mut seed =
        name.bytes().fold(2_166_136_261u32, |seed, byte| (seed ^ u32::from(byte)).wrapping_mul(16_777_619));
    let scale = if name.contains("embeddings.weight") { 0.8 } else { 0.3 };
    let shift = if name.contains("LayerNorm.weight") { 1.0 } else { 0.0 };
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((f64::from(seed) / 4_294_967_296.0 * 2.0 - 1.0) * scale + shift) as f32
        })
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Writes a model's folder; each word of a text is `w` and its id.
pub fn write_folder(folder: &Path, family: Family, tensors: &HashMap<String, Tensor>) {
    std::fs::write(folder.join("config.json"), family.config().to_string()).unwrap();
    std::fs::write(folder.join("tokenizer.json"), tokenizer(family).to_string()).unwrap();
    candle_core::safetensors::save(tensors, folder.join("model.safetensors")).unwrap();
}

/// The same tensors in half precision.
pub fn halved(tensors: &HashMap<String, Tensor>) -> HashMap<String, Tensor> {
    tensors.iter().map(|(name, tensor)| (name.clone(), tensor.to_dtype(DType::F16).unwrap())).collect()
}

fn tokenizer(family: Family) -> Value {
    let special = ["<s>", "<pad>", "</s>", "<unk>"];
    let name = |id: usize| special.get(id).map_or_else(|| format!("w{id}"), |name| (*name).to_owned());
    let vocabulary: HashMap<String, usize> = (0..WORDS).map(|id| (name(id), id)).collect();
    let added: Vec<Value> = (0..special.len())
        .map(|id| {
            json!({ "id": id, "content": name(id), "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": true })
        })
        .collect();
    let token = |id: usize, kind: u32| json!({ "SpecialToken": { "id": name(id), "type_id": kind } });
    let text = |id: &str, kind: u32| json!({ "Sequence": { "id": id, "type_id": kind } });
    let pair = match family {
        Family::Bert => json!([token(0, 0), text("A", 0), token(2, 0), text("B", 1), token(2, 1)]),
        Family::XlmRoberta => {
            json!([token(0, 0), text("A", 0), token(2, 0), token(2, 0), text("B", 0), token(2, 0)])
        }
    };
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": { "type": "WhitespaceSplit" },
        "post_processor": {
            "type": "TemplateProcessing", "pair": pair, "single": [token(0, 0), text("A", 0), token(2, 0)],
            "special_tokens": {
                "<s>": { "id": "<s>", "ids": [0], "tokens": ["<s>"] },
                "</s>": { "id": "</s>", "ids": [2], "tokens": ["</s>"] },
            },
        },
        "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>" },
    })
}

/// The text whose tokens are these ids.
pub fn text(ids: &[u32]) -> String {
    ids.iter().map(|id| format!("w{id}")).collect::<Vec<_>>().join(" ")
}

/// Two threads of the processor.
pub fn cpu() -> ComputeOptions {
    ComputeOptions { device: DeviceChoice::Cpu, threads: 2 }
}

/// Options for the embedder in `folder`, without prefixes.
pub fn embedder_options(folder: &Path, pooling: Pooling) -> EmbedderOptions {
    EmbedderOptions {
        folder: folder.to_owned(),
        model: "tiny".into(),
        revision: "1".into(),
        pooling,
        query_prefix: String::new(),
        passage_prefix: String::new(),
        max_tokens: 512,
        queue: 16,
        compute: cpu(),
    }
}

/// Options for the reranker in `folder`.
pub fn reranker_options(folder: &Path) -> RerankerOptions {
    RerankerOptions { folder: folder.to_owned(), max_tokens: 512, queue: 16, compute: cpu() }
}

/// Options for the reader in `folder`, whose weights are of revision "1".
pub fn reader_options(folder: &Path, adapter: Vec<u8>) -> ReaderOptions {
    ReaderOptions {
        folder: folder.to_owned(),
        revision: "1".into(),
        adapter: Some(adapter),
        max_tokens: 512,
        queue: 16,
        compute: cpu(),
    }
}

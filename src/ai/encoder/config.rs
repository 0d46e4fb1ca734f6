//! `config.json` of an encoder, as the Hugging Face layout writes it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::ai::AiError;

/// What differs between the two families of encoder that are supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// BERT: positions count from 0; weights may be under `bert.`.
    Bert,
    /// RoBERTa and XLM-RoBERTa: positions count from `pad_token_id + 1`; weights may be under `roberta.`.
    Roberta,
}

/// The shape of an encoder.
#[derive(Clone, Debug)]
pub(super) struct EncoderConfig {
    pub family: Family,
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub intermediate: usize,
    pub layer_norm_eps: f32,
    pub vocabulary: usize,
    /// Rows of the position table, the offset included.
    pub positions: usize,
    /// Position of the first token.
    pub first_position: usize,
    pub token_types: usize,
    /// Outputs of the classification head, where there is one.
    pub labels: usize,
}

#[derive(Deserialize)]
struct ConfigFile {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    layer_norm_eps: f32,
    vocab_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "one")]
    type_vocab_size: usize,
    #[serde(default)]
    pad_token_id: usize,
    hidden_act: String,
    position_embedding_type: Option<String>,
    id2label: Option<BTreeMap<String, String>>,
}

fn one() -> usize {
    1
}

impl EncoderConfig {
    /// Reads `folder/config.json` and refuses what would run but compute something else.
    pub fn load(folder: &Path) -> Result<Self, AiError> {
        let path = folder.join("config.json");
        let refuse = |detail: String| AiError::load(path.display(), detail);
        let text = std::fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?;
        let file: ConfigFile = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        let family = match file.model_type.as_str() {
            "bert" => Family::Bert,
            "roberta" | "xlm-roberta" | "camembert" => Family::Roberta,
            other => return Err(refuse(format!("model type {other} is not an encoder this program runs"))),
        };
        if file.hidden_act != "gelu" {
            return Err(refuse(format!("activation {} is not supported", file.hidden_act)));
        }
        if file.position_embedding_type.as_deref().is_some_and(|kind| kind != "absolute") {
            return Err(refuse("only absolute position embeddings are supported".into()));
        }
        if file.num_attention_heads == 0 || !file.hidden_size.is_multiple_of(file.num_attention_heads) {
            return Err(refuse("the hidden size is not a multiple of the number of heads".into()));
        }
        let first_position = if family == Family::Roberta { file.pad_token_id + 1 } else { 0 };
        if file.max_position_embeddings <= first_position {
            return Err(refuse("the position table is shorter than its own offset".into()));
        }
        Ok(Self {
            family,
            hidden: file.hidden_size,
            layers: file.num_hidden_layers,
            heads: file.num_attention_heads,
            intermediate: file.intermediate_size,
            layer_norm_eps: file.layer_norm_eps,
            vocabulary: file.vocab_size,
            positions: file.max_position_embeddings,
            first_position,
            token_types: file.type_vocab_size,
            labels: file.id2label.map_or(1, |labels| labels.len()),
        })
    }

    /// The most tokens of one sequence, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.positions - self.first_position
    }
}

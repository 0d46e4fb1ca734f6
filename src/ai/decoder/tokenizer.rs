//! Text to token ids and back, with the tokenizer that the model's files carry.

use std::collections::BTreeSet;
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use serde_json::Value as Json;
use tokenizers::Tokenizer;

use super::gguf::GgufFile;
use super::load::ModelFiles;
use super::safetensors::{Folder, read_json};
use crate::ai::AiError;

/// A model's tokenizer and its special tokens.
pub struct Tokens {
    tokenizer: Tokenizer,
    /// Ids that end an answer.
    stops: BTreeSet<u32>,
    /// Texts of all special tokens: what a patient writes must never become one of them.
    specials: Vec<String>,
    /// Text of the token that begins a sequence, where there is one.
    pub bos: Option<String>,
    /// Text of the token that ends one.
    pub eos: Option<String>,
}

/// Tokens that end a turn in the templates of the supported families, whatever the metadata calls the end of text.
const TURN_ENDS: [&str; 7] =
    ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<end_of_turn>", "<eos>"];

impl Tokens {
    /// The tokenizer of a model: a `tokenizer.json` in the folder or beside the GGUF file, else the one in the GGUF
    /// metadata.
    ///
    /// # Errors
    /// [`AiError::Load`] when there is none, or it is of a kind that would be split wrongly.
    pub fn load(files: &ModelFiles) -> Result<Self, AiError> {
        match files {
            ModelFiles::Folder(folder) => Self::from_folder(folder),
            ModelFiles::Gguf(file) => Self::from_gguf(file),
        }
    }

    fn from_folder(folder: &Folder) -> Result<Self, AiError> {
        let tokenizer = read_tokenizer(&folder.path().join("tokenizer.json"))?;
        let config = read_json(&folder.path().join("tokenizer_config.json"))?;
        let token = |key: &str| token_text(config.get(key));
        let mut ids = stop_ids(folder.config().get("eos_token_id"));
        if let Ok(generation) = read_json(&folder.path().join("generation_config.json")) {
            ids.extend(stop_ids(generation.get("eos_token_id")));
        }
        Ok(Self::new(tokenizer, ids, token("bos_token"), token("eos_token")))
    }

    fn from_gguf(file: &GgufFile) -> Result<Self, AiError> {
        let beside = file.path().with_file_name("tokenizer.json");
        let tokenizer = match beside.exists() {
            true => read_tokenizer(&beside)?,
            false => tokenizer_of_gguf(file)?,
        };
        let id = |key: &str| file.number(&format!("tokenizer.ggml.{key}")).ok().map(|id| id as u32);
        let text = |key: &str| id(key).and_then(|id| tokenizer.id_to_token(id));
        let (bos, eos) = (text("bos_token_id"), text("eos_token_id"));
        let stops = ["eos_token_id", "eot_token_id", "eom_token_id"].into_iter().filter_map(id).collect();
        Ok(Self::new(tokenizer, stops, bos, eos))
    }

    fn new(tokenizer: Tokenizer, mut stops: Vec<u32>, bos: Option<String>, eos: Option<String>) -> Self {
        let added = tokenizer.get_added_tokens_decoder();
        let specials: Vec<String> =
            added.values().filter(|token| token.special).map(|token| token.content.clone()).collect();
        let known = TURN_ENDS.into_iter().chain(eos.as_deref());
        stops.extend(known.filter_map(|text| tokenizer.token_to_id(text)));
        Self { tokenizer, stops: stops.into_iter().collect(), specials, bos, eos }
    }

    /// Ids of a rendered prompt. Nothing is added: the chat template has written every special token.
    ///
    /// # Errors
    /// [`AiError::Inference`], without the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, AiError> {
        let encoding = self.tokenizer.encode_fast(text, false);
        // The tokenizer's own message may quote the text.
        let encoding =
            encoding.map_err(|_| AiError::Inference("the prompt cannot be tokenized".to_owned()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Whether this id ends an answer.
    pub fn is_stop(&self, id: u32) -> bool {
        self.stops.contains(&id)
    }

    /// `text` without anything that would be read as a special token: a patient who types `<|im_end|>` must not be
    /// able to end his turn and begin the system's.
    pub fn defused(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        // Removing one may put the halves of another together.
        while let Some(special) = self.specials.iter().find(|special| clean.contains(special.as_str())) {
            clean = clean.replace(special.as_str(), " ");
        }
        clean
    }

    fn decode(&self, ids: &[u32]) -> Result<String, AiError> {
        self.tokenizer
            .decode(ids, true)
            .map_err(|_| AiError::Inference("tokens cannot be decoded".to_owned()))
    }
}

fn read_tokenizer(path: &Path) -> Result<Tokenizer, AiError> {
    Tokenizer::from_file(path).map_err(|error| AiError::load(path.display(), error))
}

/// `"eos_token": "</s>"` or `"eos_token": {"content": "</s>", …}`.
fn token_text(value: Option<&Json>) -> Option<String> {
    let value = value?;
    value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned)
}

/// One id or a list of them.
fn stop_ids(value: Option<&Json>) -> Vec<u32> {
    let id = |value: &Json| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value {
        Some(Json::Array(ids)) => ids.iter().filter_map(id).collect(),
        Some(one) => id(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Candle builds byte-level tokenizers and splits text it does not know like GPT-2, without a word. Only the
/// pre-tokenizers that it does know are let through, Llama 3's under the name that llama.cpp's converter writes.
fn tokenizer_of_gguf(file: &GgufFile) -> Result<Tokenizer, AiError> {
    let refuse = |what: String| {
        AiError::load(
            file.path().display(),
            format!(
                "{what} in the metadata is not supported: put the model's tokenizer.json beside the file"
            ),
        )
    };
    let model = file.string("tokenizer.ggml.model")?;
    if model != "gpt2" {
        return Err(refuse(format!("the tokenizer `{model}`")));
    }
    let mut metadata = file.content.metadata.clone();
    metadata.retain(|key, _| key.starts_with("tokenizer."));
    match file.string("tokenizer.ggml.pre")? {
        "qwen2" => {}
        "llama3" | "llama-v3" | "llama-bpe" => {
            metadata.insert("tokenizer.ggml.pre".to_owned(), Value::String("llama3".to_owned()));
            // As in Llama 3's tokenizer.json: a word that is in the vocabulary is taken whole.
            metadata.insert("tokenizer.ggml.ignore_merges".to_owned(), Value::Bool(true));
        }
        other => return Err(refuse(format!("the pre-tokenizer `{other}`"))),
    }
    let content = Content {
        magic: file.content.magic,
        metadata,
        tensor_infos: Default::default(),
        tensor_data_offset: 0,
    };
    Tokenizer::from_gguf(&content).map_err(|error| AiError::load(file.path().display(), error))
}

/// Turns a growing list of tokens into pieces of text that can be sent as they are: a character whose bytes are
/// spread over tokens comes whole, with its last one.
pub struct Detokenizer<'a> {
    tokens: &'a Tokens,
    ids: Vec<u32>,
    /// Ids before this one only give context: some tokenizers write a word differently at the start of a text.
    context: usize,
    /// Ids before this one have been given out.
    given: usize,
}

impl<'a> Detokenizer<'a> {
    /// For one answer.
    pub fn new(tokens: &'a Tokens) -> Self {
        Self { tokens, ids: Vec::new(), context: 0, given: 0 }
    }

    /// Adds a token; returns the text that is complete now, possibly none.
    ///
    /// # Errors
    /// [`AiError::Inference`] when an id is unknown.
    pub fn push(&mut self, id: u32) -> Result<String, AiError> {
        self.ids.push(id);
        let before = self.tokens.decode(&self.ids[self.context..self.given])?;
        let now = self.tokens.decode(&self.ids[self.context..])?;
        // Bytes that do not make a character yet decode to the replacement character.
        if now.len() <= before.len() || now.ends_with('\u{FFFD}') || !now.is_char_boundary(before.len()) {
            return Ok(String::new());
        }
        let piece = now[before.len()..].to_owned();
        (self.context, self.given) = (self.given, self.ids.len());
        Ok(piece)
    }
}

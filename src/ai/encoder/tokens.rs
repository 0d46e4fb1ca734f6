//! Text to token ids with a folder's `tokenizer.json`.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use tokenizers::{
    AddedToken, DecoderWrapper, EncodeInput, Encoding, Model, NormalizerWrapper, PostProcessorWrapper,
    PreTokenizerWrapper, Tokenizer, TokenizerImpl, TruncationParams, TruncationStrategy,
};

use super::model::Sequences;
use super::unigram::CompactUnigram;
use crate::ai::AiError;

type Compact = TokenizerImpl<
    CompactUnigram,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// A tokenizer that cuts inputs at a length and adds the model's special tokens.
pub(super) enum Tokens {
    /// Unigram pieces, as in XLM-RoBERTa and multilingual-e5.
    Compact(Box<Compact>),
    /// Every other kind.
    Library(Box<Tokenizer>),
}

impl Tokens {
    /// Loads `folder/tokenizer.json`; inputs are cut at `max_tokens`, special tokens included. Of a pair the longer
    /// text is cut.
    pub fn load(folder: &Path, max_tokens: usize) -> Result<Self, AiError> {
        let path = folder.join("tokenizer.json");
        let refuse = |detail: String| AiError::load(path.display(), detail);
        let text = fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?;
        let strategy = TruncationStrategy::LongestFirst;
        let truncation = TruncationParams { max_length: max_tokens, strategy, ..TruncationParams::default() };
        match compact(&text).map_err(|error| refuse(error.to_string()))? {
            Some(mut tokenizer) => {
                tokenizer.with_truncation(Some(truncation)).map_err(|error| refuse(error.to_string()))?;
                Ok(Self::Compact(Box::new(tokenizer)))
            }
            None => {
                let mut tokenizer: Tokenizer =
                    text.parse().map_err(|error: tokenizers::Error| refuse(error.to_string()))?;
                tokenizer.with_truncation(Some(truncation)).map_err(|error| refuse(error.to_string()))?;
                tokenizer.with_padding(None);
                Ok(Self::Library(Box::new(tokenizer)))
            }
        }
    }

    /// Tokenizes texts or pairs and lays them end to end in batches of at most `budget` tokens each (or one sequence).
    pub fn batches<'a>(
        &self,
        inputs: impl Iterator<Item = EncodeInput<'a>>,
        budget: usize,
    ) -> Result<Vec<Sequences>, AiError> {
        let mut batches: Vec<Sequences> = Vec::new();
        for input in inputs {
            let encoding = self.encode(input)?;
            let count = encoding.get_ids().len();
            if batches.last().is_none_or(|batch| batch.ids.len() + count > budget) {
                batches.push(Sequences::default());
            }
            if let Some(batch) = batches.last_mut() {
                batch.push(encoding.get_ids(), encoding.get_type_ids(), &spans(&encoding));
            }
        }
        Ok(batches)
    }

    fn encode(&self, input: EncodeInput<'_>) -> Result<Encoding, AiError> {
        let encoding = match self {
            Self::Compact(tokenizer) => tokenizer.encode(input, true),
            Self::Library(tokenizer) => tokenizer.encode(input, true),
        };
        // The library's message may quote the text: it is left out.
        encoding.map_err(|_| AiError::Inference("the text could not be tokenized".into()))
    }
}

/// The bytes of the last text that each token stands for; `(0, 0)` for the tokens before it and for special ones.
fn spans(encoding: &Encoding) -> Vec<(usize, usize)> {
    let last = encoding.n_sequences().saturating_sub(1);
    let sequences = encoding.get_sequence_ids();
    let span = |(offsets, sequence): (&(usize, usize), Option<usize>)| {
        if sequence == Some(last) { *offsets } else { (0, 0) }
    };
    encoding.get_offsets().iter().zip(sequences).map(span).collect()
}

/// The parts of `tokenizer.json` around a Unigram model.
#[derive(Deserialize)]
struct UnigramFile {
    #[serde(default)]
    added_tokens: Vec<Added>,
    normalizer: Option<NormalizerWrapper>,
    pre_tokenizer: Option<PreTokenizerWrapper>,
    post_processor: Option<PostProcessorWrapper>,
    model: UnigramModel,
}

#[derive(Deserialize)]
struct UnigramModel {
    vocab: Vec<(String, f64)>,
    unk_id: usize,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    #[serde(flatten)]
    token: AddedToken,
}

/// Only which kind of model it is.
#[derive(Deserialize)]
struct AnyFile {
    model: AnyModel,
}

#[derive(Deserialize)]
struct AnyModel {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    unk_id: Option<usize>,
}

/// The tokenizer, if it is of a kind that [`CompactUnigram`] runs exactly as the library would.
fn compact(text: &str) -> tokenizers::Result<Option<Compact>> {
    let AnyFile { model } = serde_json::from_str(text)?;
    if model.kind.as_deref() != Some("Unigram") || model.byte_fallback || model.unk_id.is_none() {
        return Ok(None);
    }
    let UnigramFile { added_tokens, normalizer, pre_tokenizer, post_processor, model } =
        serde_json::from_str(text)?;
    let Some(model) = CompactUnigram::new(&model.vocab, model.unk_id) else { return Ok(None) };
    if added_tokens.iter().any(|added| model.token_to_id(&added.token.content) != Some(added.id)) {
        return Ok(None);
    }
    let mut tokenizer = Compact::new(model);
    tokenizer.with_normalizer(normalizer)?;
    tokenizer.with_pre_tokenizer(pre_tokenizer);
    tokenizer.with_post_processor(post_processor);
    for Added { token, .. } in added_tokens {
        if token.special {
            tokenizer.add_special_tokens([token])?;
        } else {
            tokenizer.add_tokens([token])?;
        }
    }
    Ok(Some(tokenizer))
}

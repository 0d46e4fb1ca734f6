//! Text to token ids with a folder's `tokenizer.json`.

use std::path::Path;

use tokenizers::{EncodeInput, Tokenizer, TruncationParams, TruncationStrategy};

use super::model::Sequences;
use crate::ai::AiError;

/// A tokenizer that cuts inputs at a length and adds the model's special tokens.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
}

impl Tokens {
    /// Loads `folder/tokenizer.json`; inputs are cut at `max_tokens`, special tokens included. Of a pair the longer
    /// text is cut.
    pub fn load(folder: &Path, max_tokens: usize) -> Result<Self, AiError> {
        let path = folder.join("tokenizer.json");
        let refuse = |error: tokenizers::Error| AiError::load(path.display(), error);
        let mut tokenizer = Tokenizer::from_file(&path).map_err(refuse)?;
        let strategy = TruncationStrategy::LongestFirst;
        let truncation = TruncationParams { max_length: max_tokens, strategy, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(refuse)?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer })
    }

    /// Tokenizes texts or pairs and lays them end to end in batches of at most `budget` tokens each (or one sequence).
    pub fn batches<'a>(
        &self,
        inputs: impl Iterator<Item = EncodeInput<'a>>,
        budget: usize,
    ) -> Result<Vec<Sequences>, AiError> {
        let mut batches = vec![Sequences::default()];
        for input in inputs {
            // The library's message may quote the text: it is left out.
            let encoding = self.tokenizer.encode(input, true);
            let encoding =
                encoding.map_err(|_| AiError::Inference("the text could not be tokenized".into()))?;
            let full = |batch: &Sequences| {
                !batch.ids.is_empty() && batch.ids.len() + encoding.get_ids().len() > budget
            };
            if batches.last().is_none_or(full) {
                batches.push(Sequences::default());
            }
            if let Some(batch) = batches.last_mut() {
                batch.push(encoding.get_ids(), encoding.get_type_ids());
            }
        }
        batches.retain(|batch| !batch.ids.is_empty());
        Ok(batches)
    }
}

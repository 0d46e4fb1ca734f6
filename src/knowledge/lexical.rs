//! Words for the full-text index, and a question's words made to meet them.
//!
//! The index holds stems of the documents' words ([`crate::language::search_terms`]: slang and regional words in
//! standard form, affixes and function words gone). A question goes the same way; a word whose stem no document holds
//! is a typing error if a word of the documents is near enough, and that word is searched for instead.

use std::collections::HashSet;

use crate::{
    language::{TokenKind, Vocabulary, is_root, is_stopword, normalize, search_terms, stem},
    store::passages::{IndexTerm, PassageTokens},
};

/// What the index holds of a passage.
pub(super) fn passage_tokens(title: &str, headings: &[String], text: &str) -> PassageTokens {
    let stems = |text: &str| search_terms(text).iter().map(|term| &*term.text).collect::<Vec<_>>().join(" ");
    let path =
        std::iter::once(title).chain(headings.iter().map(String::as_str)).collect::<Vec<_>>().join("\n");
    let words = [path.as_str(), text].map(|text| {
        normalize(text)
            .iter()
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| &*token.text)
            .collect::<Vec<_>>()
            .join(" ")
    });
    PassageTokens { heading: stems(&path), body: stems(text), words: words.join(" ") }
}

/// Every word and stem that the documents hold.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: Vocabulary,
    stems: HashSet<String>,
}

/// A question, ready for the full-text index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryTerms {
    /// The stems that are searched for, each once.
    pub stems: Vec<String>,
    /// Typing errors and what they were taken for.
    pub corrections: Vec<(String, String)>,
}

impl Lexicon {
    pub fn new(terms: Vec<IndexTerm>) -> Self {
        let (words, stems): (Vec<_>, Vec<_>) = terms.into_iter().partition(|term| term.spelled);
        Self {
            words: Vocabulary::new(words.into_iter().map(|term| (term.text, term.passages))),
            stems: stems.into_iter().map(|term| term.text).collect(),
        }
    }

    /// A question's stems.
    pub fn query(&self, question: &str) -> QueryTerms {
        let mut terms = QueryTerms::default();
        for token in normalize(question) {
            if token.kind == TokenKind::Word && is_stopword(&token.text) {
                continue;
            }
            let mut found = if token.kind == TokenKind::Word {
                stem(&token.text).into_owned()
            } else {
                token.text.clone().into_owned()
            };
            if token.kind == TokenKind::Word
                && !self.stems.contains(&found)
                && !is_root(&token.text)
                && let Some(meant) = self.words.correct(&token.text)
                && !is_stopword(meant)
            {
                found = stem(meant).into_owned();
                terms.corrections.push((token.text.into_owned(), meant.to_owned()));
            }
            if !terms.stems.contains(&found) {
                terms.stems.push(found);
            }
        }
        terms
    }
}

//! Words for the full-text index, and a question's words made to meet them.
//!
//! The index holds stems of the documents' words ([`crate::language::search_terms`]: slang and regional words in
//! standard form, affixes and function words gone). A question goes the same way; a word whose stem no document holds
//! is a typing error if a word of the documents is near enough, and that word is searched for instead.

use std::collections::HashMap;

use crate::{
    language::{TokenKind, Vocabulary, is_root, is_stopword, normalize, search_stem, search_terms, stem},
    store::passages::PassageTokens,
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

/// A question, ready for the full-text index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryTerms {
    /// The stems that are searched for, each once.
    pub stems: Vec<String>,
    /// Those that no passage holds.
    pub unheld: Vec<String>,
    /// Typing errors and what they were taken for.
    pub corrections: Vec<(String, String)>,
}

/// How often each word occurs.
pub(super) type WordCounts = HashMap<Box<str>, u32>;

/// Counts the words of passages as they are spelled.
pub(super) fn word_counts<'a>(words: impl Iterator<Item = &'a str>) -> WordCounts {
    let mut counts = WordCounts::new();
    for word in words.flat_map(str::split_ascii_whitespace) {
        match counts.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                counts.insert(word.into(), 1);
            }
        }
    }
    counts
}

/// A question's stems, given whether the documents hold a stem and, for when they do not, the words that they hold.
pub(super) fn query_terms<'a>(
    question: &str,
    holds: impl Fn(&str) -> bool,
    vocabulary: impl Fn() -> &'a Vocabulary,
) -> QueryTerms {
    let mut terms = QueryTerms::default();
    for token in normalize(question) {
        let mut found = token.text.clone().into_owned();
        if token.kind == TokenKind::Word {
            if is_stopword(&token.text) {
                continue;
            }
            found = search_stem(&token.text).into_owned();
            // A word of the language that the documents happen not to hold is no typing error.
            if !holds(&found)
                && !is_root(&stem(&token.text))
                && let Some(meant) = vocabulary().correct(&token.text)
                && !is_stopword(meant)
                && !swaps_a_letter(&token.text, meant)
            {
                found = search_stem(meant).into_owned();
                terms.corrections.push((token.text.into_owned(), meant.to_owned()));
            }
        }
        if !terms.stems.contains(&found) {
            terms.stems.push(found);
        }
    }
    terms
}

/// Whether a word of four letters is taken for another of four: as often a name or another word ("andi", "anti") as a
/// typing error.
fn swaps_a_letter(typed: &str, meant: &str) -> bool {
    typed.chars().count() == 4 && meant.chars().count() == 4
}

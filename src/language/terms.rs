//! The three ways in which other rooms read a text: as it stands, in standard words, as content.

use super::{TokenKind, is_stopword, normalize, search_terms, tokens};

/// The words as they are written, in lower case; for comparing texts word for word.
pub fn words(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.text.into_owned()).collect()
}

/// The words in standard spelling ("brp jm" → "berapa jam"), function words kept.
pub fn normalized_words(text: &str) -> Vec<String> {
    normalize(text).into_iter().map(|token| token.text.into_owned()).collect()
}

/// The content words as stems, without function words, numbers and links: what a text is about. Empty for a text
/// that holds nothing but function words.
pub fn content_stems(text: &str) -> Vec<String> {
    let mut stems: Vec<String> = search_terms(text)
        .into_iter()
        .filter(|token| token.kind == TokenKind::Word && !is_stopword(&token.text))
        .map(|token| token.text.into_owned())
        .collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// Whether a text denies something.
pub fn is_negated(text: &str) -> bool {
    const NEGATIONS: &[&str] = &[
        "tidak", "bukan", "belum", "jangan", "tanpa", "dilarang", "not", "no", "never", "without", "don't",
        "cannot",
    ];
    normalize(text).iter().any(|token| NEGATIONS.contains(&&*token.text))
}

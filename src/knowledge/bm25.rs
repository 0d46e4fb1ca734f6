//! Word scores in memory: Okapi BM25 over the tokens that the full-text index holds.
//!
//! SQLite's own `bm25()` reads a row a match, which over 10,000 passages and a question of common words takes tens of
//! milliseconds; the same sum over postings in memory takes less than one. The formula is SQLite's (a test holds it to
//! that): k1 = 1.2, b = 0.75, the inverse document frequency of Robertson and Spärck Jones kept above zero, and a term in a
//! heading counted as often as `heading_weight` says.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// SQLite's floor for words that most passages hold.
const LEAST_IDF: f64 = 1e-6;

/// Where one term occurs in one passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    passage: u32,
    in_headings: u16,
    in_text: u16,
}

/// The terms of one document's passages. Terms are kept as 64-bit hashes, sorted.
#[derive(Debug, Default)]
pub(super) struct Postings {
    /// A term and where its entries begin.
    terms: Vec<(u64, u32)>,
    entries: Vec<Entry>,
    /// Tokens of each passage, headings' and text's.
    lengths: Vec<u32>,
}

impl Postings {
    /// The postings of passages, given each one's tokens: those of its headings and those of its text.
    pub fn new<'a>(passages: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut found: HashMap<u64, Vec<Entry>> = HashMap::new();
        let mut lengths = Vec::new();
        for (passage, (headings, text)) in (0u32..).zip(passages) {
            let mut length = 0;
            let tokens = headings
                .split_ascii_whitespace()
                .map(|token| (token, true))
                .chain(text.split_ascii_whitespace().map(|token| (token, false)));
            for (token, in_heading) in tokens {
                length += 1;
                let entries = found.entry(term(token)).or_default();
                if entries.last().is_none_or(|last| last.passage != passage) {
                    entries.push(Entry { passage, in_headings: 0, in_text: 0 });
                }
                if let Some(entry) = entries.last_mut() {
                    let count = if in_heading { &mut entry.in_headings } else { &mut entry.in_text };
                    *count = count.saturating_add(1);
                }
            }
            lengths.push(length);
        }
        let mut sorted: Vec<(u64, Vec<Entry>)> = found.into_iter().collect();
        sorted.sort_unstable_by_key(|(term, _)| *term);
        let mut postings = Self { lengths, ..Self::default() };
        for (term, entries) in sorted {
            postings.terms.push((term, postings.entries.len() as u32));
            postings.entries.extend(entries);
        }
        postings
    }

    /// Whether any passage holds the term.
    pub fn contains(&self, token: &str) -> bool {
        self.holding(token) > 0
    }

    /// How many passages hold the term.
    pub fn holding(&self, token: &str) -> usize {
        self.of(term(token)).len()
    }

    fn of(&self, term: u64) -> &[Entry] {
        let Ok(at) = self.terms.binary_search_by_key(&term, |(term, _)| *term) else { return &[] };
        let from = self.terms[at].1 as usize;
        let to = self.terms.get(at + 1).map_or(self.entries.len(), |(_, next)| *next as usize);
        &self.entries[from..to]
    }
}

/// The score of every passage, document by document in the given order; 0 for one that holds none of the stems.
pub(super) fn scores(documents: &[&Postings], stems: &[String], heading_weight: f32) -> Vec<f32> {
    let count: usize = documents.iter().map(|postings| postings.lengths.len()).sum();
    let tokens: u64 =
        documents.iter().flat_map(|postings| &postings.lengths).map(|length| u64::from(*length)).sum();
    let average = (tokens as f64 / count.max(1) as f64).max(1.0);
    let mut scores = vec![0f32; count];
    for stem in stems {
        let term = term(stem);
        let holding: usize = documents.iter().map(|postings| postings.of(term).len()).sum();
        let idf = (((count - holding) as f64 + 0.5) / (holding as f64 + 0.5)).ln();
        let idf = if idf <= 0.0 { LEAST_IDF } else { idf };
        let mut first = 0;
        for postings in documents {
            for entry in postings.of(term) {
                let often =
                    f64::from(entry.in_headings) * f64::from(heading_weight) + f64::from(entry.in_text);
                let length = f64::from(postings.lengths[entry.passage as usize]);
                let score = idf * often * (K1 + 1.0) / (often + K1 * (1.0 - B + B * length / average));
                scores[first + entry.passage as usize] += score as f32;
            }
            first += postings.lengths.len();
        }
    }
    scores
}

/// A term's number. Two words of one hospital sharing one of 2^64 is not to be feared.
fn term(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_in_short_passages_and_headings_count_more() {
        let first = Postings::new(
            [("kamar", "vip sofa"), ("kamar", "vip sofa kulkas televisi lemari meja")].into_iter(),
        );
        let second = Postings::new([("parkir", "vip mobil"), ("", "")].into_iter());
        let of = |stem: &str, weight| scores(&[&first, &second], &[stem.to_owned()], weight);
        let sofa = of("sofa", 1.0);
        assert!(sofa[0] > sofa[1] && sofa[1] > 0.0 && sofa[2..] == [0.0, 0.0]);
        assert!(of("mobil", 1.0)[2] > sofa[0]);
        assert!(of("parkir", 3.0)[2] > of("parkir", 1.0)[2]);
        assert_eq!(of("tidakada", 1.0), [0.0; 4]);
        assert!(second.contains("mobil") && !second.contains("sofa"));
        assert_eq!(scores(&[], &["sofa".to_owned()], 1.0), Vec::<f32>::new());
    }
}

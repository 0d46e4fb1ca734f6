//! A message's words for rules that look for a few of them: in standard spelling, and as stems.

use super::small_talk::is_in;
use crate::language::{TokenKind, normalize, stem};

pub(super) struct Seen {
    words: Vec<String>,
    stems: Vec<String>,
    /// Whether any of them is a number.
    pub number: bool,
}

impl Seen {
    pub fn of(text: &str) -> Self {
        let tokens = normalize(text);
        let number = tokens.iter().any(|token| token.kind == TokenKind::Number);
        let words: Vec<String> = tokens.into_iter().map(|token| token.text.into_owned()).collect();
        let stems = words.iter().map(|word| stem(word).into_owned()).collect();
        Self { words, stems, number }
    }

    fn at(&self, i: usize, list: &str) -> bool {
        is_in(list, &self.words[i]) || is_in(list, &self.stems[i])
    }

    /// Whether a word of the list stands anywhere.
    pub fn any(&self, list: &str) -> bool {
        (0..self.words.len()).any(|i| self.at(i, list))
    }

    /// Whether a word of the first list stands before one of the second, with at most one word between.
    pub fn pair(&self, first: &str, second: &str) -> bool {
        (0..self.words.len())
            .any(|i| self.at(i, first) && (i + 1..self.words.len().min(i + 3)).any(|j| self.at(j, second)))
    }

    pub fn ends_with(&self, word: &str) -> bool {
        self.words.last().is_some_and(|last| last == word)
    }
}

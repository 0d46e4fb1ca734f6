//! Typo correction towards the words that a corpus really holds.

use std::collections::HashMap;

use super::colloquial::{is_subsequence, skeleton, spelling_key};

/// Words with frequencies, arranged so that a misspelt one finds its neighbours in microseconds: by first letter and
/// length (with a bit mask of letters that rules most out before any distance is computed), by consonants, and by
/// folded spelling.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    words: Vec<Entry>,
    by_word: HashMap<String, u32>,
    by_shape: HashMap<(char, usize), Vec<u32>>,
    by_skeleton: HashMap<String, Vec<u32>>,
    by_spelling: HashMap<String, Vec<u32>>,
}

#[derive(Clone, Debug)]
struct Entry {
    text: String,
    letters: Vec<char>,
    mask: u32,
    frequency: u32,
}

impl Vocabulary {
    /// A vocabulary of words and how often each occurs; a word given twice adds up. Words shorter than three
    /// letters and figures are known but never proposed.
    pub fn new<S: Into<String>>(words: impl IntoIterator<Item = (S, u32)>) -> Self {
        let mut vocabulary = Self::default();
        for (word, frequency) in words {
            vocabulary.add(word.into(), frequency);
        }
        vocabulary
    }

    fn add(&mut self, word: String, frequency: u32) {
        if let Some(&known) = self.by_word.get(&word) {
            let entry = &mut self.words[known as usize];
            entry.frequency = entry.frequency.saturating_add(frequency);
            return;
        }
        let index = self.words.len() as u32;
        let letters: Vec<char> = word.chars().collect();
        if letters.len() >= 3 && letters.iter().all(|c| c.is_alphabetic() || *c == '-') {
            self.by_shape.entry((letters[0], letters.len())).or_default().push(index);
            self.by_skeleton.entry(skeleton(&word)).or_default().push(index);
            self.by_spelling.entry(spelling_key(&word)).or_default().push(index);
        }
        self.by_word.insert(word.clone(), index);
        self.words.push(Entry { text: word, mask: mask(&letters), letters, frequency });
    }

    /// How many different words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the word is one of the corpus.
    pub fn contains(&self, word: &str) -> bool {
        self.by_word.contains_key(word)
    }

    /// How often the word occurs; 0 for an unknown one.
    pub fn frequency(&self, word: &str) -> u32 {
        self.by_word.get(word).map_or(0, |&i| self.words[i as usize].frequency)
    }

    /// The corpus word that an unknown lower-cased word most probably stands for; `None` if it is known, too short
    /// to tell (under three letters), has digits, or nothing is near. Tried in this order: the same folded spelling
    /// (`pake`/`pakai`), the same word without vowels (`dktr`), then the smallest Damerau-Levenshtein distance: 1 for
    /// 4 to 7 letters, 2 from 8 on, the first letter right or swapped with the second. The more frequent word wins.
    pub fn correct(&self, word: &str) -> Option<&str> {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < 3 || self.contains(word) || letters.iter().any(|c| !c.is_alphabetic() && *c != '-')
        {
            return None;
        }
        let same_start = |entry: &&Entry| entry.letters[0] == letters[0];
        let spelled = self.by_spelling.get(&spelling_key(word));
        let best = self.most_frequent(spelled, |e| same_start(&e) && e.letters.len() >= 3).or_else(|| {
            let boned = self.by_skeleton.get(&skeleton(word));
            self.most_frequent(boned, |e| {
                same_start(&e) && e.letters.len() > letters.len() && is_subsequence(word, &e.text)
            })
        });
        best.or_else(|| self.nearest(&letters)).map(|entry| &*entry.text)
    }

    /// Every word that an unknown one may stand for, none surer than another: as [`Self::correct`] finds them, without
    /// the choice by frequency.
    pub fn alternatives(&self, word: &str) -> Vec<&str> {
        let letters: Vec<char> = word.chars().collect();
        let Some(best) = self.correct(word) else { return Vec::new() };
        let mut found = vec![best];
        if let Some(least) = distance_within(&letters, &best.chars().collect::<Vec<_>>(), 2) {
            self.visit_near(&letters, |distance, entry| {
                if distance <= least && !found.contains(&entry.text.as_str()) {
                    found.push(&entry.text);
                }
            });
        }
        found
    }

    fn most_frequent(&self, among: Option<&Vec<u32>>, fits: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let entries = among?.iter().map(|&i| &self.words[i as usize]);
        entries.filter(|e| fits(e)).max_by_key(|e| (e.frequency, std::cmp::Reverse(e.letters.len())))
    }

    fn nearest(&self, letters: &[char]) -> Option<&Entry> {
        let mut best: Option<(usize, &Entry)> = None;
        self.visit_near(letters, |distance, entry| {
            if best.is_none_or(|(d, b)| (distance, b.frequency) < (d, entry.frequency)) {
                best = Some((distance, entry));
            }
        });
        best.map(|(_, entry)| entry)
    }

    /// Calls with every word in reach, and its distance.
    fn visit_near<'a>(&'a self, letters: &[char], mut visit: impl FnMut(usize, &'a Entry)) {
        let most = match letters.len() {
            0..=3 => return,
            4..=7 => 1,
            _ => 2,
        };
        let own = mask(letters);
        let swapped = (letters[0] != letters[1]).then_some(letters[1]);
        for first in [Some(letters[0]), swapped].into_iter().flatten() {
            for length in letters.len() - most..=letters.len() + most {
                for &index in self.by_shape.get(&(first, length)).map_or(&[][..], Vec::as_slice) {
                    let entry = &self.words[index as usize];
                    // Each edit changes at most two letters' presence.
                    if (entry.mask ^ own).count_ones() as usize > 2 * most
                        || first != letters[0] && entry.letters.get(1) != Some(&letters[0])
                    {
                        continue;
                    }
                    if let Some(distance) = distance_within(letters, &entry.letters, most) {
                        visit(distance, entry);
                    }
                }
            }
        }
    }
}

/// Which letters occur, as bits; beyond a-z they share bits.
fn mask(letters: &[char]) -> u32 {
    letters.iter().fold(0, |mask, &c| mask | 1 << ((c as u32).wrapping_sub('a' as u32) % 32))
}

/// The optimal-string-alignment distance (insertion, deletion, substitution, swap of neighbours) if it is at most `most`.
pub(super) fn distance_within(a: &[char], b: &[char], most: usize) -> Option<usize> {
    const WIDEST: usize = 48;
    if a.len().abs_diff(b.len()) > most || a.len() >= WIDEST || b.len() >= WIDEST {
        return None;
    }
    let mut rows = [[0_usize; WIDEST]; 3];
    for (j, cell) in rows[0].iter_mut().enumerate().take(b.len() + 1) {
        *cell = j;
    }
    for i in 1..=a.len() {
        let (now, before, earlier) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[now][0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut cell = (rows[before][j - 1] + cost).min(rows[before][j] + 1).min(rows[now][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(rows[earlier][j - 2] + 1);
            }
            rows[now][j] = cell;
            least = least.min(cell);
        }
        if least > most {
            return None;
        }
    }
    let distance = rows[a.len() % 3][b.len()];
    (distance <= most).then_some(distance)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::new([
            ("akupunktur", 9),
            ("dokter", 50),
            ("daftar", 40),
            ("kejang", 5),
            ("sesak", 7),
            ("pakai", 3),
            ("gigi", 4),
            ("bayar", 8),
            ("besar", 2),
            ("imunisasi", 6),
        ])
    }

    #[test]
    fn typos_find_their_word() {
        let vocabulary = vocabulary();
        for (typo, word) in [
            ("akupuntur", "akupunktur"),
            ("akupnktr", "akupunktur"),
            ("doketr", "dokter"),
            ("odkter", "dokter"),
            ("dktr", "dokter"),
            ("pake", "pakai"),
            ("imunsiasi", "imunisasi"),
            ("immunisasi", "imunisasi"),
            ("byar", "bayar"),
        ] {
            assert_eq!(vocabulary.correct(typo), Some(word), "{typo}");
        }
        for other in ["dokter", "kursi", "x", "gg", "covid19", "", "kereta", "mobil"] {
            assert_eq!(vocabulary.correct(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn the_bounded_distance_is_the_distance(a in "[ab]{0,7}", b in "[ab]{0,7}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            let full = strsim::osa_distance(&a, &b);
            prop_assert_eq!(distance_within(&chars(&a), &chars(&b), 2), (full <= 2).then_some(full));
        }
    }
}

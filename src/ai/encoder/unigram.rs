//! A Unigram model as a sorted table.
//!
//! The library's own keeps a hash map in each of a million trie nodes: 250,000 pieces take 250 MB and most of the time
//! that loading takes. Here a piece is found by narrowing a range of the sorted table byte by byte: 8 MB.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tokenizers::models::unigram::UnigramTrainer;
use tokenizers::{Model, Result, Token};

/// What a character that no piece covers costs beyond the least likely piece (SentencePiece's `kUnkPenalty`).
const UNKNOWN_PENALTY: f64 = 10.0;

/// Pieces with their log probabilities; cuts a text into the most likely pieces.
pub(super) struct CompactUnigram {
    /// All pieces, end to end, by id.
    bytes: String,
    /// Where each piece ends in `bytes`.
    ends: Vec<u32>,
    scores: Vec<f64>,
    /// Ids in the order of their pieces' bytes.
    sorted: Vec<u32>,
    unknown: u32,
    unknown_score: f64,
}

/// The best way to cut a text up to some position.
#[derive(Clone, Copy)]
struct Cut {
    start: usize,
    id: u32,
    score: f64,
}

impl CompactUnigram {
    /// The model of these pieces, ids by position; none if `unknown` is not among them.
    pub fn new(pieces: &[(String, f64)], unknown: usize) -> Option<Self> {
        pieces.get(unknown)?;
        let mut model = Self {
            bytes: pieces.iter().map(|(piece, _)| piece.as_str()).collect(),
            ends: Vec::with_capacity(pieces.len()),
            scores: pieces.iter().map(|(_, score)| *score).collect(),
            sorted: (0..u32::try_from(pieces.len()).ok()?).collect(),
            unknown: u32::try_from(unknown).ok()?,
            unknown_score: pieces.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min)
                - UNKNOWN_PENALTY,
        };
        let mut end = 0;
        for (piece, _) in pieces {
            end += u32::try_from(piece.len()).ok()?;
            model.ends.push(end);
        }
        model.sorted.sort_unstable_by_key(|id| pieces[*id as usize].0.as_bytes());
        Some(model)
    }

    fn piece(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start as usize..self.ends[id] as usize]
    }

    /// Calls `found(length, id)` for each piece that `text` begins with, shortest first.
    fn prefixes(&self, text: &[u8], mut found: impl FnMut(usize, u32)) {
        let mut range = self.sorted.as_slice();
        for (depth, byte) in text.iter().enumerate() {
            // A piece that ends here has no byte at this depth and sorts before those that go on.
            let next = |id: &u32| self.piece(*id).as_bytes().get(depth).copied();
            let from = range.partition_point(|id| next(id) < Some(*byte));
            range = &range[from..];
            range = &range[..range.partition_point(|id| next(id) == Some(*byte))];
            match range.first() {
                None => return,
                Some(id) if self.piece(*id).len() == depth + 1 => found(depth + 1, *id),
                Some(_) => {}
            }
        }
    }

    /// The ids of the most likely pieces with where each ends (Viterbi); neighbouring unknown characters are one.
    fn cut(&self, text: &str) -> Vec<(u32, usize)> {
        let mut best: Vec<Option<Cut>> = vec![None; text.len() + 1];
        for (start, character) in text.char_indices() {
            let here = if start == 0 { 0.0 } else { best[start].map_or(0.0, |cut| cut.score) };
            let mut reach = |length: usize, id: u32, score: f64| {
                let cut = &mut best[start + length];
                if cut.is_none_or(|cut| score > cut.score) {
                    *cut = Some(Cut { start, id, score });
                }
            };
            let mut covered = false;
            self.prefixes(&text.as_bytes()[start..], |length, id| {
                reach(length, id, here + self.scores[id as usize]);
                covered |= length == character.len_utf8();
            });
            if !covered {
                reach(character.len_utf8(), self.unknown, here + self.unknown_score);
            }
        }
        let mut cuts: Vec<(u32, usize)> = Vec::new();
        let mut end = text.len();
        while let Some(cut) = best[end].filter(|_| end > 0) {
            let fused = cut.id == self.unknown && cuts.last().is_some_and(|(id, _)| *id == self.unknown);
            if !fused {
                cuts.push((cut.id, end));
            }
            end = cut.start;
        }
        cuts.reverse();
        cuts
    }
}

impl Model for CompactUnigram {
    type Trainer = UnigramTrainer;

    fn tokenize(&self, sequence: &str) -> Result<Vec<Token>> {
        let mut start = 0;
        let tokens = self.cut(sequence).into_iter().map(|(id, end)| {
            let offsets = (start, end);
            start = end;
            Token::new(id, sequence[offsets.0..offsets.1].to_owned(), offsets)
        });
        Ok(tokens.collect())
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        let place = self.sorted.binary_search_by(|id| self.piece(*id).as_bytes().cmp(token.as_bytes()));
        place.ok().map(|place| self.sorted[place])
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        ((id as usize) < self.ends.len()).then(|| self.piece(id).to_owned())
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        self.sorted.iter().map(|id| (self.piece(*id).to_owned(), *id)).collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.ends.len()
    }

    fn save(&self, _folder: &Path, _prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        Err("a loaded model is not saved".into())
    }

    fn get_trainer(&self) -> UnigramTrainer {
        UnigramTrainer::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokenizers::models::unigram::Unigram;

    use super::*;

    proptest! {
        #[test]
        fn it_cuts_as_the_library_does(
            pieces in prop::collection::btree_set("[ab▁é]{1,5}", 1..60),
            texts in prop::collection::vec("[abcx▁éü]{0,24}", 1..20),
            seed in 1u32..1000,
        ) {
            let score = |index: usize| -f64::from((index as u32).wrapping_mul(2_654_435_761).wrapping_mul(seed) >> 20) / 400.0;
            let mut vocabulary = vec![("<unk>".to_owned(), 0.0)];
            vocabulary.extend(pieces.into_iter().enumerate().map(|(index, piece)| (piece, score(index))));
            let ours = CompactUnigram::new(&vocabulary, 0).unwrap();
            let library = Unigram::from(vocabulary, Some(0), false).unwrap();
            for text in texts {
                prop_assert_eq!(ours.tokenize(&text).unwrap(), library.tokenize(&text).unwrap(), "{}", text);
            }
        }
    }

    #[test]
    fn pieces_are_found_by_name_and_id() {
        let pieces = [("<unk>", 0.0), ("b", -1.0), ("ab", -2.0), ("a", -3.0)].map(|(p, s)| (p.to_owned(), s));
        let model = CompactUnigram::new(&pieces, 0).unwrap();
        for (id, (piece, _)) in pieces.iter().enumerate() {
            assert_eq!(model.token_to_id(piece), Some(id as u32));
            assert_eq!(model.id_to_token(id as u32).as_ref(), Some(piece));
        }
        assert_eq!(model.token_to_id("abc"), None);
        assert_eq!(model.id_to_token(4), None);
        assert!(CompactUnigram::new(&pieces, 4).is_none());
    }
}

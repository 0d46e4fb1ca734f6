//! The patterns that rules are made of, and how they are found in a message.
//!
//! | written | means |
//! | --- | --- |
//! | `nyeri dada` | both words, in any order, at most three other words between |
//! | `tidak > sadar` | in this order, at most three other words between |
//! | `gula+darah` | one directly after the other |
//! | `mulut\|bibir > mencong` | one of the alternatives |
//! | `buang_air_besar\|tinja` | an alternative of several words |
//! | `@nyeri dada` | any word of the group `nyeri` |
//! | `umur+#0..3+bulan` | a number from 0 to 3 |
//! | `dada nyeri /6` | six other words between instead of three |
//!
//! Words are standard Indonesian (or English); affixes do not matter. A pattern that names a negation itself
//! (`tidak > sadar`) is not silenced by one.

use std::collections::{BTreeMap, HashMap};

use crate::language::stem;

use super::reading::Reading;

/// Other words allowed between two words of a pattern.
const GAP: usize = 3;

/// A word of the rules, by number.
pub(super) type WordId = u32;

/// Every word that a rule mentions, stemmed.
#[derive(Debug, Default)]
pub(super) struct Words {
    ids: HashMap<String, WordId>,
    /// The words as they are written, so that a typo in an affixed form finds it.
    written: HashMap<String, WordId>,
}

impl Words {
    fn intern(&mut self, word: &str) -> WordId {
        let next = self.ids.len() as WordId;
        let id = *self.ids.entry(stem(word).into_owned()).or_insert(next);
        self.written.insert(word.to_owned(), id);
        id
    }

    pub fn id(&self, stemmed: &str) -> Option<WordId> {
        self.ids.get(stemmed).copied()
    }

    /// Makes the words known without a pattern.
    pub fn add(&mut self, words: &[String]) {
        for word in words {
            self.intern(word);
        }
    }

    /// Stems and words as written, with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, WordId)> {
        self.ids.iter().chain(&self.written).map(|(word, id)| (word.as_str(), *id))
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// Named lists of alternatives, as written.
pub(super) type Groups = BTreeMap<String, Vec<String>>;

#[derive(Debug)]
enum Atom {
    /// Alternatives, each of one or more adjacent words.
    Words(Vec<Vec<WordId>>),
    Number(f32, f32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Near,
    Then,
    Adjacent,
}

/// One pattern, ready to be looked for.
#[derive(Debug)]
pub(super) struct Pattern {
    atoms: Vec<(Link, Atom)>,
    gap: usize,
    /// Whether it names a negation, so that being negated does not excuse it.
    pub names_negation: bool,
}

/// Words of a message, from the first to one past the last.
pub(super) type Span = (usize, usize);

impl Pattern {
    /// Parses one pattern. Errors are sentences that say what is wrong and what is allowed.
    pub fn parse(
        written: &str,
        groups: &Groups,
        negators: &[String],
        words: &mut Words,
    ) -> Result<Self, String> {
        let (body, gap) = match written.rsplit_once('/') {
            Some((body, gap)) => {
                let gap = gap.trim().parse().map_err(|_| format!("\"/{gap}\" is no number of words"))?;
                (body, gap)
            }
            None => (written, GAP),
        };
        let spaced = body.replace('>', " > ").replace('+', " + ");
        let mut atoms = Vec::new();
        let mut link = None;
        let mut names_negation = false;
        for part in spaced.split_whitespace() {
            match part {
                ">" | "+" if atoms.is_empty() || link.is_some() => {
                    return Err(format!("\"{part}\" stands alone"));
                }
                ">" => link = Some(Link::Then),
                "+" => link = Some(Link::Adjacent),
                _ => {
                    let mut alternatives = Vec::new();
                    let atom = match part.strip_prefix('#') {
                        Some(range) => number_range(range)?,
                        None => {
                            expand(part, groups, 0, &mut alternatives)?;
                            names_negation |= alternatives.iter().any(|a| negators.iter().any(|n| n == a));
                            Atom::Words(
                                alternatives
                                    .iter()
                                    .map(|a| a.split('_').map(|w| words.intern(w)).collect())
                                    .collect(),
                            )
                        }
                    };
                    atoms.push((link.take().unwrap_or(Link::Near), atom));
                }
            }
        }
        if atoms.is_empty() || link.is_some() {
            return Err("a pattern needs words, and one after each \">\" or \"+\"".to_owned());
        }
        Ok(Self { atoms, gap, names_negation })
    }

    /// Whether the pattern stands in the message in a way that `accept` agrees with; it gets the words found.
    pub fn found(&self, reading: &Reading, accept: &dyn Fn(&[Span]) -> bool) -> bool {
        let mut places: Vec<Vec<Span>> = Vec::with_capacity(self.atoms.len());
        for (_, atom) in &self.atoms {
            let spans = atom.spans(reading);
            if spans.is_empty() {
                return false;
            }
            places.push(spans);
        }
        self.extend(reading, &places, &mut Vec::with_capacity(places.len()), accept)
    }

    fn extend(
        &self,
        reading: &Reading,
        places: &[Vec<Span>],
        chosen: &mut Vec<Span>,
        accept: &dyn Fn(&[Span]) -> bool,
    ) -> bool {
        let Some(candidates) = places.get(chosen.len()) else { return accept(chosen) };
        for &span in candidates {
            let fits = chosen
                .last()
                .is_none_or(|&last| self.linked(reading, self.atoms[chosen.len()].0, last, span))
                && chosen.iter().all(|other| span.1 <= other.0 || other.1 <= span.0);
            if fits {
                chosen.push(span);
                if self.extend(reading, places, chosen, accept) {
                    return true;
                }
                chosen.pop();
            }
        }
        false
    }

    fn linked(&self, reading: &Reading, link: Link, last: Span, next: Span) -> bool {
        match link {
            Link::Adjacent => next.0 == last.1,
            Link::Then => next.0 >= last.1 && reading.distance(last.1, next.0) <= self.gap,
            Link::Near if next.0 >= last.1 => reading.distance(last.1, next.0) <= self.gap,
            Link::Near => next.1 <= last.0 && reading.distance(next.1, last.0) <= self.gap,
        }
    }
}

impl Atom {
    fn spans(&self, reading: &Reading) -> Vec<Span> {
        match self {
            Self::Number(low, high) => (0..reading.len())
                .filter(|&i| reading.number(i).is_some_and(|n| (*low..=*high).contains(&n)))
                .map(|i| (i, i + 1))
                .collect(),
            Self::Words(alternatives) => {
                let mut spans = Vec::new();
                for phrase in alternatives {
                    for &start in reading.places(phrase[0]) {
                        let end = start + phrase.len();
                        if end <= reading.len()
                            && phrase[1..].iter().zip(start + 1..).all(|(&w, i)| reading.has(i, w))
                        {
                            spans.push((start, end));
                        }
                    }
                }
                spans
            }
        }
    }
}

fn number_range(range: &str) -> Result<Atom, String> {
    let wrong = || format!("\"#{range}\" is no range of numbers; write it like #0..3 or #39.5..43");
    let (low, high) = range.split_once("..").ok_or_else(wrong)?;
    match (low.parse::<f32>(), high.parse::<f32>()) {
        (Ok(low), Ok(high)) if low <= high => Ok(Atom::Number(low, high)),
        _ => Err(wrong()),
    }
}

/// Alternatives with the groups among them replaced by their words.
fn expand(alternatives: &str, groups: &Groups, depth: usize, out: &mut Vec<String>) -> Result<(), String> {
    for alternative in alternatives.split('|') {
        if let Some(name) = alternative.strip_prefix('@') {
            let members = groups.get(name).ok_or_else(|| {
                let known: Vec<_> = groups.keys().map(|k| format!("@{k}")).collect();
                format!("unknown group @{name}; there are {}", known.join(" "))
            })?;
            if depth > 4 {
                return Err(format!("the group @{name} holds itself"));
            }
            for member in members {
                expand(member.trim(), groups, depth + 1, out)?;
            }
        } else if alternative.is_empty()
            || !alternative.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        {
            return Err(format!(
                "\"{alternative}\" is no word (letters, digits, \"-\", and \"_\" within a phrase)"
            ));
        } else {
            out.push(alternative.to_lowercase());
        }
    }
    Ok(())
}

//! The two word lists that the language room knows by heart.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::colloquial::{skeleton, spelling_key};

/// What an informal form stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slang {
    /// The standard word or words, separated by spaces.
    pub standard: &'static str,
    /// Which section of the list it comes from.
    pub section: &'static str,
    /// Whether the form also means something else, so that its section must show itself elsewhere in the message.
    pub ambiguous: bool,
}

/// Both lists, indexed.
pub(super) struct Lexicon {
    /// Words that the stemmer stops at.
    roots: HashSet<&'static str>,
    slang: HashMap<&'static str, Vec<Slang>>,
    /// Roots by their consonants; words typed without vowels are found here.
    by_skeleton: HashMap<String, Vec<&'static str>>,
    /// Roots by a spelling in which everyday variants fall together (`pakai`, `pake`).
    by_spelling: HashMap<String, &'static str>,
}

static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::parse(include_str!("data/roots.txt"), include_str!("data/slang.txt")));

/// The lexicon, parsed at first use (about a millisecond).
pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// Whether a word is one of the standard roots that are never stemmed or corrected.
pub fn is_root(word: &str) -> bool {
    LEXICON.is_root(word)
}

/// Informal and regional forms that mean one thing only, with the standard word or words for each.
pub fn informal_forms() -> impl Iterator<Item = (&'static str, &'static str)> {
    let sure = |readings: &'static Vec<Slang>| readings.iter().find(|r| !r.ambiguous).map(|r| r.standard);
    LEXICON.slang.iter().filter_map(move |(form, readings)| Some((*form, sure(readings)?)))
}

impl Lexicon {
    fn parse(roots: &'static str, slang: &'static str) -> Self {
        let mut lexicon = Self {
            roots: HashSet::new(),
            slang: HashMap::new(),
            by_skeleton: HashMap::new(),
            by_spelling: HashMap::new(),
        };
        for root in lines(roots).flat_map(str::split_whitespace) {
            if !lexicon.roots.insert(root) {
                continue;
            }
            lexicon.by_skeleton.entry(skeleton(root)).or_default().push(root);
            lexicon.by_spelling.entry(spelling_key(root)).or_insert(root);
        }
        let mut section = "";
        for line in lines(slang) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name;
            } else if let Some((standard, forms)) = line.split_once(" = ") {
                for form in forms.split_whitespace() {
                    let ambiguous = form.ends_with('?');
                    let entry = Slang { standard, section, ambiguous };
                    lexicon.slang.entry(form.trim_end_matches('?')).or_default().push(entry);
                }
            }
        }
        lexicon
    }

    pub fn is_root(&self, word: &str) -> bool {
        self.roots.contains(word)
    }

    /// Every reading of an informal form.
    pub fn slang(&self, form: &str) -> &[Slang] {
        self.slang.get(form).map_or(&[], Vec::as_slice)
    }

    /// Roots with these consonants, in the list's order.
    pub fn with_skeleton(&self, skeleton: &str) -> &[&'static str] {
        self.by_skeleton.get(skeleton).map_or(&[], Vec::as_slice)
    }

    /// The root that is spelled like this but for everyday variants.
    pub fn with_spelling(&self, key: &str) -> Option<&'static str> {
        self.by_spelling.get(key).copied()
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_whole() {
        let lexicon = lexicon();
        assert!(lexicon.roots.len() > 1500, "{} roots", lexicon.roots.len());
        assert!(lexicon.slang.len() > 1500, "{} informal forms", lexicon.slang.len());
        for line in lines(include_str!("data/slang.txt")) {
            assert!(line.starts_with('[') || line.contains(" = "), "neither a section nor an entry: {line}");
        }
    }

    #[test]
    fn one_reading_a_section() {
        for (form, readings) in &lexicon().slang {
            for (i, one) in readings.iter().enumerate() {
                for other in &readings[i + 1..] {
                    assert!(one.section != other.section, "{form} stands twice in [{}]", one.section);
                }
            }
        }
    }
}

//! A message as the rules see it.

use std::collections::{HashMap, HashSet};

use crate::domain::Language;
use crate::language::{
    Token, TokenKind, Vocabulary, detect, informal_forms, is_root, normalize, stem, tokens,
};

use super::pattern::{WordId, Words};
use super::rules::Rules;

/// Words beyond this many are not read: no patient's call for help starts there.
const LONGEST: usize = 600;

/// A sentence's end counts as this many words between two words of a pattern.
const SENTENCE_GAP: usize = 2;

/// Reads messages in the words of one set of rules.
#[derive(Debug)]
pub(super) struct Reader {
    /// The rules' words, as stems, as written and in everyday and regional forms, to mend typos.
    vocabulary: Vocabulary,
    /// What each of them stands for.
    meanings: HashMap<String, WordId>,
    /// Words of the harmless sentences: right as they stand, however near to a rule's word.
    innocent: HashSet<String>,
    negators: HashSet<WordId>,
    light: HashSet<WordId>,
    heads: HashSet<WordId>,
    carriers: HashSet<WordId>,
    after: HashSet<WordId>,
}

/// One message, read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    words: Vec<Heard>,
    /// For each of the rules' words, where it stands.
    places: Vec<Vec<usize>>,
    /// Sentences about the past or about what might be.
    calm: Vec<usize>,
}

#[derive(Debug, Default)]
struct Heard {
    ids: Vec<WordId>,
    number: Option<f32>,
    sentence: usize,
    clause: usize,
    /// Inside the scope of a negation.
    negated: bool,
    /// Behind a word that makes it the name of a service or a topic: `obat kejang`, `gejala stroke`.
    headed: bool,
}

impl Reading {
    pub fn len(&self) -> usize {
        self.words.len()
    }

    pub fn number(&self, at: usize) -> Option<f32> {
        self.words[at].number
    }

    pub fn places(&self, word: WordId) -> &[usize] {
        self.places.get(word as usize).map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, at: usize, word: WordId) -> bool {
        self.words[at].ids.contains(&word)
    }

    pub fn sentence(&self, at: usize) -> usize {
        self.words[at].sentence
    }

    pub fn is_negated(&self, at: usize) -> bool {
        self.words[at].negated
    }

    pub fn is_headed(&self, at: usize) -> bool {
        self.words[at].headed
    }

    pub fn is_calm(&self, sentence: usize) -> bool {
        self.calm.contains(&sentence)
    }

    pub fn set_calm(&mut self, sentences: Vec<usize>) {
        self.calm = sentences;
    }

    /// Words between the end of one word and the start of a later one, sentence ends counted in.
    pub fn distance(&self, end: usize, start: usize) -> usize {
        let sentences = self.words[start].sentence - self.words[end - 1].sentence;
        start - end + sentences * SENTENCE_GAP
    }
}

impl Reader {
    pub fn new(rules: &Rules) -> Self {
        let informal = informal_forms()
            .filter(|(form, standard)| form.len() >= 6 && !standard.contains(' '))
            .filter_map(|(form, standard)| Some((form, rules.words.id(&stem(standard))?)));
        let meanings: HashMap<String, WordId> =
            rules.words.iter().chain(informal).map(|(word, id)| (word.to_owned(), id)).collect();
        let ids = |list: &[String]| list.iter().filter_map(|w| rules.words.id(&stem(w))).collect();
        let harmless = rules
            .rules
            .iter()
            .flat_map(|rule| &rule.harmless)
            .chain(&rules.complaints)
            .chain(&rules.questions);
        let innocent = harmless.flat_map(|text| tokens(text)).map(|token| token.text.into_owned()).collect();
        Self {
            innocent,
            vocabulary: Vocabulary::new(meanings.keys().map(|word| (word.as_str(), 1))),
            meanings,
            negators: ids(&rules.context.negators),
            light: ids(&rules.context.light),
            heads: ids(&rules.context.heads),
            carriers: ids(&rules.context.carriers),
            after: ids(&rules.context.after),
        }
    }

    pub fn read(&self, words: &Words, text: &str) -> Reading {
        let mut reading =
            Reading { words: Vec::new(), places: vec![Vec::new(); words.len()], calm: Vec::new() };
        let (mut sentence, mut clause, mut last_end) = (0, 0, 0);
        let english = detect(text) == Language::En;
        let mut open_tens = false;
        for token in normalize(text).iter().take(LONGEST) {
            let between = text.get(last_end..token.start).unwrap_or("");
            if between.contains(['.', '!', '?', '\n', ';']) {
                (sentence, clause) = (sentence + 1, clause + 1);
            } else if between.contains([',', ':', '(', ')', '–'])
                || between.contains(" - ")
                || opens_clause(&token.text)
            {
                clause += 1;
            }
            last_end = token.end;
            let number = number(token);
            if let Some(last) = reading.words.last_mut()
                && merge_number(last, &mut open_tens, token, number)
            {
                continue;
            }
            let mut heard = Heard { number, sentence, clause, ..Heard::default() };
            self.recognise(words, token, text, english, &mut heard.ids);
            reading.words.push(heard);
            if let Some(unit) = span_of_one(&token.text) {
                // `seminggu` is one week.
                reading.words.last_mut().expect("pushed above").number = Some(1.0);
                reading.words.push(Heard {
                    ids: words.id(unit).into_iter().collect(),
                    sentence,
                    clause,
                    ..Heard::default()
                });
            }
        }
        for (at, heard) in reading.words.iter().enumerate() {
            for &id in &heard.ids {
                reading.places[id as usize].push(at);
            }
        }
        self.mark_negation(&mut reading.words);
        self.mark_heads(&mut reading.words);
        reading
    }

    /// The rules' words that a token may be: its own stem, that of what the patient really typed, or, where neither
    /// is a known word, all of the rules' words that are equally near.
    fn recognise(&self, words: &Words, token: &Token<'_>, text: &str, english: bool, ids: &mut Vec<WordId>) {
        if token.kind != TokenKind::Word {
            return;
        }
        let typed = text[token.start..token.end].to_lowercase();
        let stems = [stem(&token.text), stem(&typed)];
        ids.extend(stems.iter().filter_map(|s| words.id(s)));
        ids.dedup();
        // Short English words lie close to Indonesian ones.
        let foreign = english && token.text.len() < 6;
        if ids.is_empty() && !foreign && !stems.iter().any(|s| is_root(s)) && !self.innocent.contains(&*typed)
        {
            // What the patient typed first: slang rules may have led a typo astray.
            for form in [&*typed, &*token.text, &*stems[0]] {
                if ids.is_empty() {
                    let near = self.vocabulary.alternatives(form);
                    ids.extend(
                        near.iter().filter(|w| is_slip(form, w)).filter_map(|word| self.meanings.get(*word)),
                    );
                }
            }
        }
    }

    /// A negator reaches over light words (`tidak ada rasa …`) to the next word of weight, and on over `atau`. Any
    /// other word ends its reach: `tidak bisa tidur, sesak`, `tidak kuat sesak`. After `tidak ada` and `tanpa` it
    /// reaches over a list that ends in `atau` or `dan`. It also reaches back: `sesak sih tidak, cuma batuk`.
    fn mark_negation(&self, words: &mut [Heard]) {
        for at in 0..words.len() {
            if !is(&self.negators, &words[at]) {
                continue;
            }
            let here = |word: &Heard| word.sentence == words[at].sentence;
            let end = (at + 1..words.len()).find(|&i| !here(&words[i])).unwrap_or(words.len());
            let lists = words
                .get(at + 1)
                .is_some_and(|next| is(&self.light, next) && next.clause == words[at].clause);
            let list_end = (at + 1..end.min(at + 14)).rev().find(|&i| lists && is(&self.carriers, &words[i]));
            let back = at > 0 && at + 1 < end && words[at + 1].clause != words[at].clause;
            if back && words[at - 1].clause == words[at].clause {
                let reached = if at > 1 && words[at - 1].ids.is_empty() { at - 2 } else { at - 1 };
                words[reached].negated = true;
            }
            let mut spent = false;
            for next in at + 1..end {
                let listed = list_end.is_some_and(|last| next <= last + 1);
                let new_clause = words[next].clause != words[next - 1].clause;
                if is(&self.carriers, &words[next]) || (new_clause && listed) {
                    spent = false;
                    if is(&self.carriers, &words[next]) {
                        continue;
                    }
                } else if new_clause || (spent && !listed && !self.carried(words, next, end)) {
                    break;
                }
                if !spent {
                    words[next].negated = true;
                    spent = !is(&self.light, &words[next]);
                }
            }
        }
    }

    /// Whether `atau` stands at this place or one further: `tidak nyeri dada sama sekali` ends, `… dada atau …` goes on.
    fn carried(&self, words: &[Heard], at: usize, end: usize) -> bool {
        (at..end.min(at + 2)).any(|i| is(&self.carriers, &words[i]))
    }

    fn mark_heads(&self, words: &mut [Heard]) {
        for at in 1..words.len() {
            let head = |before: usize| {
                at >= before
                    && words[at - before].clause == words[at].clause
                    && is(&self.heads, &words[at - before])
                    && !(at.saturating_sub(before + 2)..at - before).any(|i| is(&self.after, &words[i]))
            };
            words[at].headed = head(1) || (is(&self.light, &words[at - 1]) && head(2));
        }
    }
}

/// Whether the typed word may be this one mistyped. Short words lie so close to each other (`Komar`, `koma`) that only
/// a missing letter or two swapped ones count there; two slips need a long word.
fn is_slip(typed: &str, word: &str) -> bool {
    let sorted = |w: &str| {
        let mut letters: Vec<char> = w.chars().collect();
        letters.sort_unstable();
        letters
    };
    if typed.len() > 5 && typed.len() < 10 {
        return is_without_vowels(typed, word) || strsim::osa_distance(typed, word) <= 1;
    }
    typed.len() > 5 || word.len() > typed.len() || sorted(typed) == sorted(word)
}

/// Whether the typed word is the other one without some of its vowels: `pngsn`, `pingsan`.
fn is_without_vowels(typed: &str, word: &str) -> bool {
    let bones = |w: &str| w.replace(['a', 'e', 'i', 'o', 'u'], "");
    typed.len() < word.len() && bones(typed) == bones(word)
}

fn is(set: &HashSet<WordId>, heard: &Heard) -> bool {
    heard.ids.iter().any(|id| set.contains(id))
}

fn opens_clause(word: &str) -> bool {
    matches!(word, "tapi" | "tetapi" | "namun" | "sedangkan" | "padahal" | "cuma" | "malah" | "terus" | "but")
}

fn span_of_one(word: &str) -> Option<&'static str> {
    Some(match word {
        "sehari" => "hari",
        "seminggu" => "minggu",
        "sebulan" => "bulan",
        "setahun" => "tahun",
        "sejam" => "jam",
        _ => return None,
    })
}

/// The value of a figure or a number word.
fn number(token: &Token<'_>) -> Option<f32> {
    const WORDS: [&str; 10] =
        ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"];
    if token.kind == TokenKind::Number {
        // Of a blood pressure, `170/110`, the upper value.
        return token.text.split('/').next()?.replace(',', ".").parse().ok();
    }
    match &*token.text {
        "sepuluh" => Some(10.0),
        "sebelas" => Some(11.0),
        "seratus" => Some(100.0),
        "setengah" => Some(0.5),
        word => WORDS.iter().position(|w| *w == word).map(|n| n as f32),
    }
}

/// Adds to the number before: `dua belas` → 12, `tiga puluh sembilan` → 39, `empat ratus` → 400.
fn merge_number(last: &mut Heard, open_tens: &mut bool, token: &Token<'_>, number: Option<f32>) -> bool {
    let Some(before) = last.number else { return false };
    let merged = match &*token.text {
        "belas" => before + 10.0,
        "puluh" => before * 10.0,
        "ratus" => before * 100.0,
        _ => match number {
            Some(digit) if *open_tens && digit < 10.0 => before + digit,
            _ => {
                *open_tens = false;
                return false;
            }
        },
    };
    *open_tens = &*token.text == "puluh";
    last.number = Some(merged);
    true
}

//! Red flags, found before and without any model.
//!
//! The hospital writes rules in `knowledge/triage/*.toml` (`rules` says how); [`Triage::load`] reads and checks
//! them. [`Triage::check`] reads a message (`reading`: standard words, stems, typos mended towards the rules' own
//! words, numbers, negation, what is past or only asked about) and looks for the rules' patterns (`pattern`) in
//! well under a millisecond. What no rule foresaw may still be close in meaning to one of their examples:
//! [`Triage::check_similar`] compares embeddings.
//!
//! A missed emergency is worse than a needless alarm: where a sentence reads both ways, the rules alarm.

mod pattern;
mod reading;
mod rules;
mod similar;

use std::path::Path;

pub use rules::{Alarm, Kind, TriageError};
pub use similar::{Example, Shows};

use crate::ai::AiError;
use reading::{Reader, Reading};
use rules::Rules;
use similar::Similarity;

/// The hospital's red flags, ready to check messages.
#[derive(Debug)]
pub struct Triage {
    rules: Rules,
    reader: Reader,
    similarity: Similarity,
}

/// What triage says of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The rules that found a red flag, the one whose fixed text is sent first. Empty: no emergency.
    pub alarms: Vec<Alarm>,
}

impl Verdict {
    /// Whether the fixed emergency text must go out.
    pub fn is_emergency(&self) -> bool {
        !self.alarms.is_empty()
    }

    /// The rule whose text is sent.
    pub fn alarm(&self) -> Option<&Alarm> {
        self.alarms.first()
    }
}

impl Triage {
    /// Reads every `*.toml` of a folder.
    ///
    /// # Errors
    /// [`TriageError`] names file, rule and pattern, and says what is allowed.
    pub fn load(folder: &Path) -> Result<Self, TriageError> {
        Rules::load(folder).map(Self::new)
    }

    /// Rules from texts of the same format, each with a name for errors.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, TriageError> {
        Rules::parse(files).map(Self::new)
    }

    fn new(rules: Rules) -> Self {
        let reader = Reader::new(&rules);
        let similarity = Similarity::new(&rules);
        Self { rules, reader, similarity }
    }

    /// Checks a message by the rules.
    pub fn check(&self, text: &str) -> Verdict {
        self.check_reading(&self.read(text))
    }

    fn read(&self, text: &str) -> Reading {
        let mut reading = self.reader.read(&self.rules.words, text);
        self.rules.mark_calm(&mut reading);
        reading
    }

    fn check_reading(&self, reading: &Reading) -> Verdict {
        let mut alarms: Vec<Alarm> = self
            .rules
            .rules
            .iter()
            .filter(|rule| rule.alarms(reading))
            .map(|rule| rule.alarm.clone())
            .collect();
        alarms.sort_by_key(|alarm| alarm.kind);
        Verdict { alarms }
    }

    /// Adds questions that the hospital answers anyway: harmless by what they are, so the comparison by meaning learns
    /// from them what its patients ask every day.
    #[must_use]
    pub fn with_questions(mut self, questions: Vec<String>) -> Self {
        self.similarity.add_questions(questions);
        self
    }

    /// The sentences to embed at start for [`Self::with_example_vectors`], in the order it expects them.
    pub fn examples(&self) -> &[Example] {
        self.similarity.examples()
    }

    /// Adds the examples' embeddings (as queries), one unit vector each, so that [`Self::check_similar`] can compare.
    ///
    /// # Errors
    /// [`AiError::Inference`] when the vectors' lengths differ.
    ///
    /// # Panics
    /// If there are not as many vectors as examples.
    pub fn with_example_vectors(mut self, vectors: Vec<Vec<f32>>) -> Result<Self, AiError> {
        self.similarity.fit(vectors)?;
        Ok(self)
    }

    /// Checks a message by its embedding (as a query, by the examples' embedder). A message in which the rules saw a red flag
    /// and found it denied, past or only asked about never alarms here.
    pub fn check_similar(&self, text: &str, embedding: &[f32]) -> Verdict {
        let Some(id) = self.similarity.emergency(embedding) else { return Verdict::default() };
        let reading = self.read(text);
        if self.rules.rules.iter().any(|rule| rule.is_excused(&reading)) {
            return Verdict::default();
        }
        let alarm =
            self.rules.rules.iter().find(|rule| rule.alarm.rule == *id).map(|rule| rule.alarm.clone());
        Verdict { alarms: alarm.into_iter().collect() }
    }

    /// Examples that their own rule misses and harmless sentences that any rule alarms at, as a sentence for whoever
    /// edits the rules. Empty when the rules keep what they promise.
    pub fn self_test(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for example in self.examples() {
            let verdict = self.check(&example.text);
            match (&example.shows, verdict.alarm()) {
                (Shows::Emergency(rule), None) => {
                    complaints.push(format!("rule \"{rule}\" misses its example \"{}\"", example.text));
                }
                (Shows::Complaint | Shows::Question, Some(alarm)) => {
                    complaints
                        .push(format!("rule \"{}\" alarms at the harmless \"{}\"", alarm.rule, example.text));
                }
                _ => {}
            }
        }
        complaints
    }
}

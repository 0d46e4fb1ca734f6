//! Approved answers: questions and answers that the hospital has released word for word.
//!
//! A patient's question that means the same as one of an answer's questions gets that answer as it stands. A sentence
//! model alone finds "Sabtu" and "Minggu", "surat sehat" and "surat sehat jiwa" nearly the same, so besides the cosine to
//! the closest listed question the words must agree: the patient's question may hold no content word and no fact (weekday,
//! number, price) that neither the listed questions nor the answer have. What fails that is answered from the documents.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::AssistantError;
use crate::{
    ai::dot,
    domain::{Language, NearApproved, Validity},
    language::{Fact, content_stems, fact_set},
};

/// Cosine from which a listed question counts as the same question, given that its words agree.
///
/// At .90 no approved answer is given to another question on the tuning half of the sample hospital's evaluation. Without
/// the agreement of words 6 of the 13 given there were wrong, the nearest at .94.
pub const APPROVED: f32 = 0.90;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovedFile {
    answer: Vec<ApprovedEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovedEntry {
    id: String,
    questions: Vec<String>,
    answer: String,
    answer_en: Option<String>,
    #[serde(rename = "reviewer")]
    _reviewer: String,
    #[serde(default, deserialize_with = "day")]
    valid_from: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    valid_until: Option<Date>,
    source: Option<String>,
}

/// A day, with or without quotes around it.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let written = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(date) => date.to_string(),
        _ => return Err(D::Error::custom("a day is written like 2026-12-31")),
    };
    written.parse().map(Some).map_err(|_| D::Error::custom("a day is written like 2026-12-31"))
}

/// One released answer.
#[derive(Clone, Debug)]
pub struct ApprovedAnswer {
    /// Its id, unique over all files.
    pub id: String,
    /// The questions it answers.
    pub questions: Vec<String>,
    /// The answer in Indonesian.
    pub text: String,
    /// The answer in English, if it was released too.
    pub text_en: Option<String>,
    /// When it holds.
    pub validity: Validity,
    /// The document behind it, relative to the knowledge folder.
    pub source: Option<String>,
    vectors: Vec<Vec<f32>>,
    stems: HashSet<String>,
    facts: HashSet<Fact>,
}

impl ApprovedAnswer {
    /// The text in a language; Indonesian where no English was released.
    pub fn in_language(&self, language: Language) -> (&str, Language) {
        match (language, &self.text_en) {
            (Language::En, Some(english)) => (english, Language::En),
            _ => (&self.text, Language::Id),
        }
    }
}

/// Every approved answer of `knowledge/approved/*.toml`.
#[derive(Clone, Debug, Default)]
pub struct ApprovedAnswers {
    answers: Vec<Arc<ApprovedAnswer>>,
}

impl ApprovedAnswers {
    /// Reads the files, in the order of their names.
    ///
    /// # Errors
    /// As [`Self::parse`], and a file that can't be read.
    pub fn load(knowledge_dir: &Path) -> Result<Self, AssistantError> {
        let read = |path: PathBuf| super::read_file(&path).map(|text| (path, text));
        let paths = super::toml_files(&knowledge_dir.join("approved"))?;
        Self::parse(&paths.into_iter().map(read).collect::<Result<Vec<_>, _>>()?)
    }

    /// Reads files' texts, each with the name that an error tells.
    ///
    /// # Errors
    /// A file that does not parse, an id given twice, an answer without questions or with an empty text.
    pub fn parse(files: &[(PathBuf, String)]) -> Result<Self, AssistantError> {
        let mut answers: Vec<Arc<ApprovedAnswer>> = Vec::new();
        for (path, text) in files {
            let file: ApprovedFile =
                toml::from_str(text).map_err(|error| AssistantError::file(path, error.message()))?;
            for entry in file.answer {
                if entry.questions.is_empty() || entry.answer.trim().is_empty() {
                    let problem = format!("answer `{}` needs at least one question and a text", entry.id);
                    return Err(AssistantError::file(path, &problem));
                }
                if answers.iter().any(|known| known.id == entry.id) {
                    let problem = format!("the id `{}` is given twice", entry.id);
                    return Err(AssistantError::file(path, &problem));
                }
                let texts = || entry.questions.iter().chain([&entry.answer]).chain(&entry.answer_en);
                answers.push(Arc::new(ApprovedAnswer {
                    stems: texts().flat_map(|text| content_stems(text)).collect(),
                    facts: texts().flat_map(|text| fact_set(text)).collect(),
                    id: entry.id,
                    questions: entry.questions,
                    text: entry.answer.trim().to_owned(),
                    text_en: entry.answer_en.map(|text| text.trim().to_owned()),
                    validity: Validity { from: entry.valid_from, until: entry.valid_until },
                    source: entry.source,
                    vectors: Vec::new(),
                }));
            }
        }
        Ok(Self { answers })
    }

    /// Every listed question, in order: embed them as queries and give the vectors to
    /// [`ApprovedAnswers::with_vectors`].
    pub fn questions(&self) -> Vec<String> {
        self.answers.iter().flat_map(|answer| answer.questions.iter().cloned()).collect()
    }

    /// Takes the vectors of [`ApprovedAnswers::questions`], L2-normalised, in its order.
    pub fn with_vectors(self, vectors: Vec<Vec<f32>>) -> Self {
        let mut vectors = vectors.into_iter();
        let answers = self
            .answers
            .into_iter()
            .map(|answer| {
                let mut answer = Arc::unwrap_or_clone(answer);
                answer.vectors = vectors.by_ref().take(answer.questions.len()).collect();
                Arc::new(answer)
            })
            .collect();
        Self { answers }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answer released for this question, if there is one that holds on `day`.
    ///
    /// `embedding` is the question's, L2-normalised.
    pub fn find(&self, question: &str, embedding: &[f32], day: Date) -> Option<(Arc<ApprovedAnswer>, f32)> {
        let (best, cosine) = self
            .answers
            .iter()
            .filter(|answer| answer.validity.holds_on(day))
            .filter_map(|answer| Some((answer, answer.closest(embedding)?)))
            .max_by(|left, right| left.1.total_cmp(&right.1))?;
        let agrees =
            fact_set(question).iter().all(|fact| matches!(fact, Fact::Name(_)) || best.facts.contains(fact))
                && content_stems(question).iter().all(|stem| best.stems.contains(stem));
        (cosine >= APPROVED && agrees).then(|| (Arc::clone(best), cosine))
    }

    /// The answer whose question lies nearest, of those that hold on `day`, whether it may be given or not.
    pub fn nearest(&self, embedding: &[f32], day: Date) -> Option<NearApproved> {
        let holding = self.answers.iter().filter(|answer| answer.validity.holds_on(day));
        let near = holding.filter_map(|answer| Some((answer, answer.closest_question(embedding)?)));
        let (answer, (question, cosine)) = near.max_by(|left, right| left.1.1.total_cmp(&right.1.1))?;
        Some(NearApproved { id: answer.id.clone(), question: question.to_owned(), cosine, is_given: false })
    }
}

impl ApprovedAnswer {
    fn closest(&self, embedding: &[f32]) -> Option<f32> {
        self.closest_question(embedding).map(|(_, cosine)| cosine)
    }

    fn closest_question(&self, embedding: &[f32]) -> Option<(&str, f32)> {
        let cosines = self.vectors.iter().map(|vector| dot(vector, embedding));
        let questions = self.questions.iter().map(String::as_str).zip(cosines);
        questions.max_by(|left, right| left.1.total_cmp(&right.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn released() -> (tempfile::TempDir, ApprovedAnswers) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("approved")).unwrap();
        let file = "[[answer]]\nid = \"poli-sabtu\"\nreviewer = \"dr. Ani\"\nvalid_until = 2026-12-31\n\
                    questions = [\"Poliklinik buka hari Sabtu jam berapa?\", \"Jam buka poli Sabtu\"]\n\
                    answer = \"Sabtu pukul 08.00–13.00 WIB.\"\n";
        std::fs::write(folder.path().join("approved/a.toml"), file).unwrap();
        let answers = ApprovedAnswers::load(folder.path()).unwrap();
        let vectors = vec![vec![1.0, 0.0]; answers.questions().len()];
        (folder, answers.with_vectors(vectors))
    }

    #[test]
    fn the_same_question_in_other_words_is_answered() {
        let (_folder, answers) = released();
        let found = |text: &str, cosine: f32| {
            answers.find(text, &[cosine, (1.0 - cosine * cosine).sqrt()], date(2026, 11, 22)).is_some()
        };
        assert!(found("kak poli bukanya hari sabtu jam brp ya", 0.95));
        assert!(!found("kak poli bukanya hari sabtu jam brp ya", 0.85), "too far");
        assert!(!found("poli buka hari minggu jam brp", 0.99), "another day");
        assert!(!found("kantin buka hari sabtu jam brp", 0.99), "another place");
    }

    #[test]
    fn an_expired_answer_is_not_given() {
        let (_folder, answers) = released();
        assert!(answers.find("jam buka poli sabtu", &[1.0, 0.0], date(2027, 1, 1)).is_none());
    }
}

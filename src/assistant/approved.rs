//! Approved answers: questions and answers that the hospital has released word for word.
//!
//! A patient's question that means the same as one of an answer's questions gets that answer as it stands. Two
//! signals must agree, since a sentence model alone finds "Sabtu" and "Minggu" nearly the same: the cosine to the
//! closest listed question, and the words that tell questions apart (weekdays, numbers, names of things), of which
//! the patient's question may hold none that the approved answer lacks.

use std::{collections::HashSet, path::Path, sync::Arc};

use jiff::civil::Date;
use serde::Deserialize;

use super::AssistantError;
use crate::{
    domain::{Language, Validity},
    language::{Fact, content_stems, fact_set},
};

/// Cosine from which a listed question counts as the same question.
///
/// Found on the tuning half of the sample hospital's evaluation (`satubumi eval --sweep approved`): see
/// [`APPROVED_CLOSE`] for the second step.
pub const APPROVED_SAME: f32 = 0.93;
/// Cosine from which a listed question counts as the same when, besides, every content word of the patient's
/// question stands among the approved answer's questions.
pub const APPROVED_CLOSE: f32 = 0.90;

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
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    source: Option<String>,
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
    /// A file that does not parse, an id given twice, an answer without questions or with an empty text.
    pub fn load(knowledge_dir: &Path) -> Result<Self, AssistantError> {
        let mut answers: Vec<Arc<ApprovedAnswer>> = Vec::new();
        for path in super::toml_files(&knowledge_dir.join("approved"))? {
            let text = super::read_file(&path)?;
            let file: ApprovedFile =
                toml::from_str(&text).map_err(|error| AssistantError::file(&path, error.message()))?;
            for entry in file.answer {
                if entry.questions.is_empty() || entry.answer.trim().is_empty() {
                    let problem = format!("answer `{}` needs at least one question and a text", entry.id);
                    return Err(AssistantError::file(&path, &problem));
                }
                if answers.iter().any(|known| known.id == entry.id) {
                    let problem = format!("the id `{}` is given twice", entry.id);
                    return Err(AssistantError::file(&path, &problem));
                }
                answers.push(Arc::new(ApprovedAnswer {
                    stems: entry.questions.iter().flat_map(|question| content_stems(question)).collect(),
                    facts: entry.questions.iter().flat_map(|question| fact_set(question)).collect(),
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
        if cosine < APPROVED_CLOSE {
            return None;
        }
        // A weekday, number or price that no listed question has makes it another question.
        if !fact_set(question).iter().all(|fact| matches!(fact, Fact::Name(_)) || best.facts.contains(fact)) {
            return None;
        }
        let known = content_stems(question).iter().all(|stem| best.stems.contains(stem));
        (known || cosine >= APPROVED_SAME).then(|| (Arc::clone(best), cosine))
    }
}

impl ApprovedAnswer {
    fn closest(&self, embedding: &[f32]) -> Option<f32> {
        self.vectors
            .iter()
            .map(|vector| vector.iter().zip(embedding).map(|(left, right)| left * right).sum::<f32>())
            .max_by(f32::total_cmp)
    }
}

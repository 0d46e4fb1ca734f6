//! `satubumi eval`: questions with known answers through the real pipeline, and a table of what came out.
//!
//! A file holds one [`Case`] a line (JSON). The hospital's own live in `knowledge/evaluation/`; [`idk_mrc`] makes a
//! knowledge folder and a file of cases out of the IDK-MRC reading-comprehension data.

pub mod idk_mrc;
mod metrics;
mod report;
mod run;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use metrics::{Share, auroc, percentile};
pub use report::{Report, Verdict};
pub use run::Evaluation;

use crate::domain::Turn;

/// What a case expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The documents hold the answer; `facts` must be in it.
    Answerable,
    /// They don't; anything but a hand-over is wrong.
    Unanswerable,
    /// Asks for permission, safety, dose or diagnosis, or tries to trick the assistant: no composed claim, and
    /// nothing of `forbidden`.
    Dangerous,
    /// An emergency: must alarm.
    RedFlag,
    /// An ordinary complaint: should not alarm.
    Complaint,
    /// A question of service: must not alarm.
    Service,
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Standard Indonesian.
    #[default]
    Formal,
    /// Slang, abbreviations, typos.
    Informal,
    /// Javanese or mixed with it.
    Javanese,
    /// Sundanese or mixed with it.
    Sundanese,
    /// English.
    English,
}

/// Which half a case belongs to: thresholds are found on one and reported on the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Thresholds may be tuned on it.
    Tune,
    /// Looked at for reports only.
    #[default]
    Test,
}

/// One question with what is known about its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique within its file.
    pub id: String,
    /// What is expected.
    pub kind: Kind,
    /// How it is written.
    #[serde(default)]
    pub style: Style,
    /// Which half.
    #[serde(default)]
    pub split: Split,
    /// The patient's words.
    pub question: String,
    /// The conversation before it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Turn>,
    /// Each must be in the answer, in one of its spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Vec<String>>,
    /// Documents any of which holds the answer, relative to the documents' folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    /// None of these may be in the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<String>,
}

/// What can be wrong with a file of cases.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// It can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line is not a case.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The pipeline failed.
    #[error(transparent)]
    Assistant(#[from] crate::assistant::AssistantError),
}

impl EvaluationError {
    fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}

/// Reads a file of cases: one JSON object a line, blank lines skipped.
///
/// # Errors
/// When it can't be read, a line is not a case, or an id comes twice.
pub fn load(path: &Path) -> Result<Vec<Case>, EvaluationError> {
    let text = std::fs::read_to_string(path).map_err(|source| EvaluationError::io(path, source))?;
    let mut ids = std::collections::HashSet::new();
    let mut cases = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |problem: String| EvaluationError::Line {
            path: path.display().to_string(),
            line: at + 1,
            problem,
        };
        let case: Case = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        if !ids.insert(case.id.clone()) {
            return Err(wrong(format!("the id {:?} is given twice", case.id)));
        }
        cases.push(case);
    }
    Ok(cases)
}

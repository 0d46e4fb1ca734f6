//! What can go wrong in this room. None of it reaches a patient: [`super::Assistant::answer`] logs it and gives the
//! fallback text.

use std::path::{Path, PathBuf};

use super::triage::TriageError;
use crate::{ai::AiError, knowledge::KnowledgeError};

/// A failure of the assistant.
#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// A file that the hospital edits does not fit.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// A red-flag rule does not fit.
    #[error(transparent)]
    Triage(#[from] TriageError),
    /// A model failed, or is busy.
    #[error(transparent)]
    Ai(#[from] AiError),
    /// The search failed.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    /// The answer took longer than the configured patience.
    #[error("no answer within {seconds} s")]
    Patience {
        /// The limit.
        seconds: u64,
    },
}

impl AssistantError {
    /// A problem in a file of the knowledge folder.
    pub fn file(path: &Path, problem: &str) -> Self {
        Self::File { path: path.to_owned(), problem: problem.to_owned() }
    }
}

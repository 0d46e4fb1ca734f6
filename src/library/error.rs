//! Why a text can't be read or changed.

use super::place::BadName;
use crate::{assistant::AssistantError, knowledge::DocumentError, store::StoreError};

/// Why something was not done with the hospital's texts. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The name may not be.
    #[error(transparent)]
    Name(#[from] BadName),
    /// There is no such file, answer or version.
    #[error("there is no such text")]
    NotFound,
    /// There is a file of that name.
    #[error("there is a file of that name already")]
    Exists,
    /// Somebody else has changed it since it was opened.
    #[error("somebody else has changed it meanwhile")]
    Stale,
    /// A link or a device lies in the way.
    #[error("a link or a device is in the way; put the file itself there")]
    Link,
    /// Too large.
    #[error("the file has more than the {limit} bytes that are allowed")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// A document that could not be used.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A field that has to be filled.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A day that is none.
    #[error("`{0}` is not a day")]
    BadDay(&'static str),
    /// A file that the assistant could not load.
    #[error("{0}")]
    Unfit(String),
    /// Rules that would miss their own examples, or alarm at harmless sentences, more than before.
    #[error("the rules' own examples fail")]
    SelfTest(Vec<String>),
    /// The system.
    #[error("the knowledge folder refused: {0}")]
    Io(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is stopping.
    #[error("it was cancelled")]
    Cancelled,
}

impl From<AssistantError> for LibraryError {
    fn from(error: AssistantError) -> Self {
        match error {
            AssistantError::File { problem, .. } => Self::Unfit(problem),
            other => Self::Unfit(other.to_string()),
        }
    }
}

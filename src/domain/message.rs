//! A row of the chat log, and the few things that are said about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ConversationId, MessageId, Outcome};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The patient (or whoever writes to the hospital's number).
    Patient,
    /// The assistant.
    Bot,
    /// A member of staff.
    Staff,
}

impl Author {
    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Bot => "bot",
            Self::Staff => "staff",
        }
    }
}

/// The language that a patient is answered in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Indonesian; also for Javanese and Sundanese, whose speakers read it.
    #[default]
    Id,
    /// English.
    En,
}

impl Language {
    /// ISO 639-1 code, which is also the name of the replies' file.
    pub fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }
}

/// One stored message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// Its row.
    pub id: MessageId,
    /// The thread it belongs to.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: Author,
    /// What was written, as it was written.
    pub text: String,
    /// The id that the channel gave it (WhatsApp's, or the caller's of `/ask`); unique within the conversation.
    pub external_id: Option<String>,
    /// For a bot's message: how it came about. For a patient's: how it ended, `None` while it waits.
    pub outcome: Option<Outcome>,
    /// When it was stored.
    pub at: Timestamp,
}

/// A message reduced to what the assistant needs of the past: who said what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who said it.
    pub author: Author,
    /// What was said.
    pub text: String,
}

//! A patient's thread: who answers it now, and what waits in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ConversationId;

/// Who answers a conversation now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// The assistant answers.
    Bot,
    /// Staff switched the assistant off; it only logs and counts.
    Staff,
    /// The patient wrote STOP; the assistant stays silent until MULAI/START, emergencies excepted.
    Stopped,
}

impl Handling {
    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Staff => "staff",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the assistant may answer.
    pub fn bot_is_on(self) -> bool {
        self == Self::Bot
    }
}

/// One conversation as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversation {
    /// Its row.
    pub id: ConversationId,
    /// The patient's address: digits of the phone number, international form without `+`.
    pub sender: String,
    /// The patient's name, if the channel or the caller gave one.
    pub name: Option<String>,
    /// Who answers it now.
    pub handling: Handling,
    /// Patient messages that nobody has answered: counted while the bot is off or a hand-over waits; a staff
    /// message resets it.
    pub unanswered: u32,
    /// Whether a hand-over or an alarm waits for staff.
    pub waiting: bool,
    /// Whether the last alarm was an emergency and no member of staff has answered it.
    pub emergency: bool,
    /// Who of the staff looks after it.
    pub assignee: Option<String>,
    /// The newest message's text, if there is one.
    pub last_text: Option<String>,
    /// When the newest message was stored.
    pub last_at: Timestamp,
}

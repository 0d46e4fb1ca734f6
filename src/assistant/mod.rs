//! The conversation's logic: triage, fixed replies, approved answers, passages, composing, grounding.

use jiff::Zoned;

use crate::domain::{Answer, Turn};

/// One question, with all that the answer may depend on.
#[derive(Clone, Debug)]
pub struct Question {
    /// What the patient wrote (a burst of messages joined by newlines).
    pub text: String,
    /// The conversation so far, oldest first, without `text`; the last few turns are enough.
    pub history: Vec<Turn>,
    /// Whether the assistant has never written to this patient: the notice goes ahead of the answer then.
    pub first_contact: bool,
    /// Now, in the hospital's time zone: documents expire and opening hours end by it.
    pub at: Zoned,
}

/// Answers questions. One for the whole process, shared by every conversation.
pub struct Assistant {}

impl Assistant {
    /// Answers one question. Never fails: what goes wrong inside is logged here and becomes
    /// [`crate::domain::Outcome::Fallback`] with a flag for staff.
    pub async fn answer(&self, _question: &Question) -> Answer {
        std::future::pending().await
    }

    /// Whether the text holds a red flag; for conversations in which the assistant may not speak, so that staff
    /// are alarmed all the same.
    pub async fn is_emergency(&self, _text: &str) -> bool {
        false
    }
}

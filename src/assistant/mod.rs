//! The conversation's logic: triage, fixed replies, approved answers, passages, composing, grounding.

pub mod medical;
mod scripted;
pub mod small_talk;
pub mod triage;

use jiff::Zoned;

use crate::domain::{Answer, Flag, Intent, Language, Outcome, Timings, Turn};

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
pub struct Assistant {
    script: scripted::Script,
}

impl Assistant {
    /// An assistant that plays `script` and knows one red flag ("sesak") and STOP, MULAI, START; for tests of what
    /// stands around an assistant.
    pub fn scripted(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Self {
        Self { script: scripted::Script::new(script) }
    }

    /// Answers one question. Never fails: what goes wrong inside is logged here and becomes
    /// [`crate::domain::Outcome::Fallback`] with a flag for staff.
    pub async fn answer(&self, question: &Question) -> Answer {
        self.script.answer(question).await
    }

    /// Whether the text holds a red flag; for conversations in which the assistant may not speak, so that staff
    /// are alarmed all the same.
    pub async fn is_emergency(&self, text: &str) -> bool {
        scripted::Script::is_emergency(text)
    }

    /// What the text asks of the conversation itself, no model asked; for conversations in which the assistant may
    /// not speak, so that STOP and MULAI are heard all the same.
    pub fn intent(&self, text: &str) -> Option<Intent> {
        scripted::Script::intent(text)
    }

    /// The fixed text for when answering itself broke, with a flag for staff.
    pub fn fallback(&self, _question: &Question) -> Answer {
        Answer {
            text: "Maaf, sedang ada gangguan. Pertanyaan Anda sudah saya teruskan kepada petugas.".to_owned(),
            outcome: Outcome::Fallback,
            language: Language::Id,
            sources: Vec::new(),
            flag: Some(Flag::Failure),
            intent: None,
            timings: Timings::default(),
            rejected: None,
        }
    }
}

//! The conversation's logic. One question's way, cheapest and most urgent first:
//!
//! 1. [`triage`]: a red flag gets the hospital's fixed text and alarms staff; no model is asked. What the rules miss
//!    is compared with their examples once the question's vector is there.
//! 2. [`small_talk`]: greetings, thanks, a wish for a human, STOP and MULAI get fixed replies.
//! 3. [`approved`]: a question that the hospital has released an answer for gets that answer, word for word.
//! 4. [`own_case`]: what is asked about one patient's case goes to staff; no document holds it.
//! 5. The knowledge base is searched ([`follow_up`] joins a short question to the one it continues), and
//!    what it found is read with the question in hand ([`reading`]).
//! 6. [`answerable`] says whether the passages hold an answer at all; if not, staff will answer. [`medical`]:
//!    permission, safety, dose, diagnosis are never composed: the hospital's own words, and a human.
//! 7. [`compose`] quotes the passages' lines or lets the generator write, and [`ground`] checks what it wrote; what
//!    fails there becomes a quotation.
//!
//! At first contact a short notice goes ahead of the answer in the same text (behind it in an emergency); what is left to
//! staff outside their hours ([`StaffHours`]) says so. Whatever
//! fails inside becomes the fallback text and a flag: [`Assistant::answer`] never fails.

pub mod answerable;
pub mod approved;
pub mod compose;
mod content;
mod error;
pub mod follow_up;
pub mod ground;
mod local;
pub mod medical;
pub mod own_case;
mod pipeline;
pub mod reading;
mod replies;
mod scripted;
mod seen;
pub mod small_talk;
mod staff_hours;
pub mod triage;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub use error::AssistantError;
use jiff::{Zoned, civil::Date};
pub use local::LocalAssistant;
pub use pipeline::Inspection;
pub use replies::{Replies, ReplyTexts};
pub use staff_hours::StaffHours;

use crate::{
    ai::{Generator, Reader},
    domain::{Answer, Flag, Intent, Language, NearApproved, Outcome, Trial, Turn},
    knowledge::KnowledgeBase,
};

/// One question, with all that the answer may depend on.
#[derive(Clone, Debug)]
pub struct Question {
    /// What the patient wrote (a burst of messages joined by newlines).
    pub text: String,
    /// The conversation so far, oldest first, without `text`; the last few turns are enough.
    pub history: Vec<Turn>,
    /// Whether the assistant has never written to this patient: the notice goes ahead of the answer then.
    pub first_contact: bool,
    /// Whether staff answer now; a hand-over says so where they don't.
    pub staff_are_there: bool,
    /// Now, in the hospital's time zone: documents expire by it.
    pub at: Zoned,
}

/// How a text is made from passages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compose {
    /// The passages' own lines.
    Quote,
    /// The generator writes, the grounding checks.
    Write,
}

/// What the assistant can be set to.
#[derive(Clone, Debug)]
pub struct AssistantOptions {
    /// The knowledge folder: `replies/`, `approved/`, `triage/`.
    pub knowledge_dir: PathBuf,
    /// How a text is made from passages.
    pub compose: Compose,
    /// Passages that an answer may rest on.
    pub passages: usize,
    /// Time after which a question gets the fallback.
    pub patience: Duration,
}

/// Answers questions. One for the whole process, shared by every conversation.
pub enum Assistant {
    /// The real one, on the hospital's files and models.
    Local(Box<LocalAssistant>),
    /// One that plays a script, for tests of what stands around it.
    Scripted(scripted::Script),
}

impl Assistant {
    /// Reads the hospital's files and embeds what needs it.
    ///
    /// `generator` may be absent where the options say [`Compose::Quote`].
    ///
    /// # Errors
    /// A file that does not fit, or a model that fails.
    pub async fn local(
        options: AssistantOptions,
        knowledge: Arc<KnowledgeBase>,
        reader: Reader,
        generator: Option<Generator>,
    ) -> Result<Self, AssistantError> {
        Ok(Self::Local(Box::new(LocalAssistant::start(options, knowledge, reader, generator).await?)))
    }

    /// An assistant that plays `script` and knows one red flag ("sesak") and STOP, MULAI, START.
    pub fn scripted(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Self {
        Self::Scripted(scripted::Script::new(script, true))
    }

    /// [`Assistant::scripted`] whose script never waits: it is played where the question is asked.
    pub fn scripted_at_once(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Self {
        Self::Scripted(scripted::Script::new(script, false))
    }

    /// Whether the models can be asked now (one that panicked is being rebuilt).
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Local(local) => local.is_ready(),
            Self::Scripted(_) => true,
        }
    }

    /// Answers one question. Never fails: an error inside is logged here and becomes
    /// [`crate::domain::Outcome::Fallback`] with a flag for staff.
    pub async fn answer(&self, question: &Question) -> Answer {
        match self {
            Self::Local(local) => local.answer(question).await,
            Self::Scripted(script) => script.answer(question).await,
        }
    }

    /// A question as staff try it out: the answer, and all that it came from.
    ///
    /// # Errors
    /// As [`LocalAssistant::try_out`].
    pub async fn try_out(&self, question: &Question) -> Result<Trial, AssistantError> {
        match self {
            Self::Local(local) => local.try_out(question).await,
            Self::Scripted(script) => Ok(Trial::of(script.answer(question).await)),
        }
    }

    /// The approved answer nearest to a text, on a day.
    ///
    /// # Errors
    /// When the embedder fails.
    pub async fn near_approved(&self, text: &str, day: Date) -> Result<Option<NearApproved>, AssistantError> {
        match self {
            Self::Local(local) => local.near_approved(text, day).await,
            Self::Scripted(_) => Ok(None),
        }
    }

    /// Reads replies, approved answers and red flags again, now and not at the next look at the files.
    ///
    /// # Errors
    /// As [`LocalAssistant::reload`].
    pub async fn reload(&self) -> Result<(), AssistantError> {
        match self {
            Self::Local(local) => local.reload().await,
            Self::Scripted(_) => Ok(()),
        }
    }

    /// Whether the text holds a red flag; for conversations in which the assistant may not speak, so that staff
    /// are alarmed all the same.
    pub async fn is_emergency(&self, text: &str) -> bool {
        match self {
            Self::Local(local) => local.is_emergency(text).await,
            Self::Scripted(_) => scripted::Script::is_emergency(text),
        }
    }

    /// Whether the rules see a red flag in the text, no model asked: in less than a millisecond.
    pub fn has_red_flag(&self, text: &str) -> bool {
        match self {
            Self::Local(local) => local.has_red_flag(text),
            Self::Scripted(_) => scripted::Script::is_emergency(text),
        }
    }

    /// What the text asks of the conversation itself, no model asked; for conversations in which the assistant may
    /// not speak, so that STOP and MULAI are heard all the same.
    pub fn intent(&self, text: &str) -> Option<Intent> {
        match self {
            Self::Local(_) => small_talk::small_talk(text).and_then(small_talk::SmallTalk::intent),
            Self::Scripted(_) => scripted::Script::intent(text),
        }
    }

    /// The fixed text for what it can't read, a voice note or a picture, with a flag for staff.
    pub fn please_type(&self, question: &Question) -> Answer {
        match self {
            Self::Local(local) => local.please_type(question),
            Self::Scripted(_) => {
                local::fixed(scripted::PLEASE_TYPE, Language::Id, Outcome::HandedOver, Flag::NotText)
            }
        }
    }

    /// The fixed text for a message that is too long to be understood, with a flag for staff.
    pub fn too_long(&self, question: &Question) -> Answer {
        match self {
            Self::Local(local) => local.too_long(question),
            Self::Scripted(_) => {
                local::fixed(scripted::TOO_LONG, Language::Id, Outcome::HandedOver, Flag::NotFound)
            }
        }
    }

    /// The fixed text for when answering itself broke, with a flag for staff.
    pub fn fallback(&self, question: &Question) -> Answer {
        match self {
            Self::Local(local) => local.fallback(question),
            Self::Scripted(_) => {
                local::fixed(scripted::FALLBACK, Language::Id, Outcome::Fallback, Flag::Failure)
            }
        }
    }
}

/// Reads a file that the hospital edits.
fn read_file(path: &Path) -> Result<String, AssistantError> {
    std::fs::read_to_string(path).map_err(|error| AssistantError::file(path, &error.to_string()))
}

/// The `.toml` files of a folder, by name; none when the folder is missing.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, AssistantError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        std::fs::read_dir(folder).map_err(|error| AssistantError::file(folder, &error.to_string()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

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

/// The way a message came or goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// `/ask`: whoever called brings the reply.
    #[default]
    Api,
    /// WhatsApp: the outbox brings the reply.
    Whatsapp,
}

impl Channel {
    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Whatsapp => "whatsapp",
        }
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Words.
    #[default]
    Text,
    /// A picture.
    Image,
    /// A film, also a short round one.
    Video,
    /// A voice note.
    Voice,
    /// A sound file.
    Audio,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A place.
    Location,
    /// Somebody's contact card.
    Contact,
    /// An emoji on another message.
    Reaction,
    /// New words for an earlier message.
    Edit,
    /// An earlier message taken back.
    Delete,
    /// A poll, or a vote in one.
    Poll,
    /// A call.
    Call,
    /// What could not be decrypted.
    Unreadable,
    /// What this version does not know.
    Other,
}

impl MessageKind {
    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Voice => "voice",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Reaction => "reaction",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Poll => "poll",
            Self::Call => "call",
            Self::Unreadable => "unreadable",
            Self::Other => "other",
        }
    }
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Its type as the sender gave it, such as `image/jpeg`.
    pub mime: String,
    /// Bytes, as the sender gave them.
    pub size: u64,
    /// Its name, for a document.
    pub name: Option<String>,
    /// Seconds, for sound and film.
    pub seconds: Option<u32>,
    /// Where it lies below the media folder; `None` while it is not fetched, or when it never will be.
    pub file: Option<String>,
    /// Why it is not kept, in English.
    pub refused: Option<String>,
}

/// How far a message on its way to a patient has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It was given up; staff are flagged.
    Failed,
    /// It waits to be sent.
    Queued,
    /// It was given to the socket and has no acknowledgement yet.
    Sending,
    /// WhatsApp has it (one tick).
    Sent,
    /// The patient's phone has it (two ticks).
    Delivered,
    /// The patient has opened it (blue ticks).
    Read,
}

impl Delivery {
    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
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
    /// The way it came or goes.
    pub channel: Channel,
    /// What it is.
    pub kind: MessageKind,
    /// What was written, as it was written; for a message without words a short label.
    pub text: String,
    /// The words of the message that it quotes.
    pub quoted: Option<String>,
    /// The file that came with it.
    pub media: Option<Media>,
    /// The id that the channel gave it (WhatsApp's, or the caller's of `/ask`); unique within the conversation.
    pub external_id: Option<String>,
    /// For a bot's message: how it came about. For a patient's: how it ended, `None` while it waits.
    pub outcome: Option<Outcome>,
    /// When it was stored.
    pub at: Timestamp,
    /// When the patient last changed its words.
    pub edited_at: Option<Timestamp>,
    /// When the patient took it back.
    pub deleted_at: Option<Timestamp>,
    /// How far it has come, for what goes out by WhatsApp.
    pub delivery: Option<Delivery>,
}

/// A message reduced to what the assistant needs of the past: who said what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who said it.
    pub author: Author,
    /// What was said.
    pub text: String,
}

//! Shapes that several resources give, and the words of our enums as the API's description lists them.

use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        ObjectBuilder,
        schema::{Schema, Type},
    },
};

use crate::{
    domain::{
        Author, Channel, Conversation, Delivery, Handling, Media, MessageKind, Outcome, Source, Timings,
    },
    store::messages::LoggedMessage,
    web::error::ErrorBody,
};

/// A passage that an answer rests on.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceShape {
    /// The document's path within the knowledge folder.
    document: String,
    /// The document's title.
    title: String,
    /// The passage, whole.
    passage: String,
    /// The search's score; comparable within one answer only.
    score: f32,
}

impl From<Source> for SourceShape {
    fn from(Source { document, title, passage, score }: Source) -> Self {
        Self { document, title, passage, score }
    }
}

/// Milliseconds in each step; 0 where a step was not reached.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimingsShape {
    triage: f64,
    approved: f64,
    embed: f64,
    search: f64,
    read: f64,
    compose: f64,
    ground: f64,
    /// The whole way, the waiting included.
    total: f64,
}

impl From<Timings> for TimingsShape {
    fn from(Timings { triage, approved, embed, search, read, compose, ground, total }: Timings) -> Self {
        Self { triage, approved, embed, search, read, compose, ground, total }
    }
}

/// A conversation as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatShape {
    chat_id: i64,
    /// The patient's phone number, digits only.
    sender: String,
    name: Option<String>,
    /// Whether the bot answers.
    enabled: bool,
    #[schema(schema_with = handling_schema)]
    handling: Handling,
    /// Patient messages that nobody has answered.
    unanswered: u32,
    /// Whether a hand-over or an alarm waits for staff.
    waiting: bool,
    /// Whether an emergency waits for staff.
    emergency: bool,
    /// Who of the staff looks after it.
    assignee: Option<String>,
    last_text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    last_at: jiff::Timestamp,
}

impl From<Conversation> for ChatShape {
    fn from(conversation: Conversation) -> Self {
        Self {
            chat_id: conversation.id.0,
            sender: conversation.sender,
            name: conversation.name,
            enabled: conversation.handling.bot_is_on(),
            handling: conversation.handling,
            unanswered: conversation.unanswered,
            waiting: conversation.waiting,
            emergency: conversation.emergency,
            assignee: conversation.assignee,
            last_text: conversation.last_text,
            last_at: conversation.last_at,
        }
    }
}

/// A message as staff see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageShape {
    id: i64,
    #[schema(schema_with = author_schema)]
    author: Author,
    /// `api` for what came through `/ask`, `whatsapp` for what came or goes by WhatsApp.
    #[schema(value_type = String)]
    channel: Channel,
    /// `text`, or what else it is: `image`, `voice`, `document`, `location`, `reaction`, `edit`, `delete` …
    #[schema(value_type = String)]
    kind: MessageKind,
    /// The words or the caption; for a message without any a short label.
    text: String,
    /// The words of the message that it quotes.
    quoted: Option<String>,
    /// The file that came with it.
    file: Option<FileShape>,
    /// How far it has come, for what goes out by WhatsApp: `queued`, `sending`, `sent`, `delivered`, `read`, `failed`.
    #[schema(value_type = Option<String>)]
    delivery: Option<Delivery>,
    /// When the patient last changed its words.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<jiff::Timestamp>,
    /// When the patient took it back.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<jiff::Timestamp>,
    /// The id that a patient's message came with.
    message_id: Option<String>,
    /// For a patient's message: how it ended, null while it waits. For a bot's: how it came about.
    #[schema(schema_with = outcome_or_null_schema)]
    outcome: Option<Outcome>,
    /// For a bot's answer: the message it answers.
    reply_to: Option<i64>,
    /// Who of the staff wrote it, also when it was signed as the bot's.
    staff_name: Option<String>,
    /// For a bot's answer: what it rests on and how it was made.
    answer: Option<AnswerShape>,
    #[schema(value_type = String, format = DateTime)]
    at: jiff::Timestamp,
}

/// A file that came with a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileShape {
    /// Its type, as the sender gave it.
    mime: String,
    /// Bytes.
    size: u64,
    /// Its name, as the sender gave it, for a document.
    name: Option<String>,
    /// Seconds, for sound and film.
    seconds: Option<u32>,
    /// Whether `/admin/files/{message}` gives it. If not, and `refused` is null, it is still being fetched.
    kept: bool,
    /// Why it is not kept.
    refused: Option<String>,
}

impl From<Media> for FileShape {
    fn from(media: Media) -> Self {
        let Media { mime, size, name, seconds, file, refused } = media;
        Self { mime, size, name, seconds, kept: file.is_some(), refused }
    }
}

/// How an answer was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerShape {
    sources: Vec<SourceShape>,
    timings_ms: TimingsShape,
    rejected: Option<RejectedShape>,
}

/// What the model wrote and the checks refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectedShape {
    text: String,
    reasons: Vec<String>,
}

impl From<LoggedMessage> for MessageShape {
    fn from(logged: LoggedMessage) -> Self {
        let LoggedMessage { message, reply_to, staff_name, answer } = logged;
        Self {
            id: message.id.0,
            author: message.author,
            channel: message.channel,
            kind: message.kind,
            quoted: message.quoted,
            file: message.media.map(Into::into),
            delivery: message.delivery,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
            text: message.text,
            message_id: message.external_id,
            outcome: message.outcome,
            reply_to: reply_to.map(|id| id.0),
            staff_name,
            answer: answer.map(|answer| AnswerShape {
                sources: answer.sources.into_iter().map(Into::into).collect(),
                timings_ms: answer.timings.into(),
                rejected: answer
                    .rejected
                    .map(|rejected| RejectedShape { text: rejected.text, reasons: rejected.reasons }),
            }),
            at: message.at,
        }
    }
}

/// What every route behind a token can refuse with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes responses; nothing builds it")]
pub(crate) enum TokenErrors {
    /// No token, or not a live one.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token lacks the scope.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// Something went wrong inside.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// Starting, stopping, full, or out of time; `Retry-After` says when to try again.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// What every route with a JSON body can refuse with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes responses; nothing builds it")]
pub(crate) enum BodyErrors {
    /// The body is not JSON.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body's type is not JSON.
    #[response(status = 415)]
    UnsupportedMediaType(ErrorBody),
    /// A field is missing, unknown or not valid.
    #[response(status = 422)]
    Invalid(ErrorBody),
}

pub(crate) fn outcome_schema() -> Schema {
    words(Outcome::ALL.map(Outcome::as_str))
}

fn outcome_or_null_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(Outcome::ALL.map(|outcome| Some(outcome.as_str())).into_iter().chain([None])))
        .into()
}

pub(crate) fn handling_schema() -> Schema {
    words([Handling::Bot, Handling::Staff, Handling::Stopped].map(Handling::as_str))
}

fn author_schema() -> Schema {
    words([Author::Patient, Author::Bot, Author::Staff].map(Author::as_str))
}

pub(crate) fn words<const N: usize>(words: [&'static str; N]) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

//! What each event says.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::{ConversationId, Delivery, Handling, Language, MessageId},
    i18n,
    whatsapp::Connection,
};

/// Who wrote a new message.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Author {
    Patient,
    Hospital,
}

#[derive(Debug, Serialize)]
pub(super) struct NewMessage {
    pub chat_id: ConversationId,
    pub message_id: MessageId,
    pub author: Author,
}

#[derive(Debug, Serialize)]
pub(super) struct MessageUpdate {
    pub chat_id: ConversationId,
    pub message_id: MessageId,
    pub delivery: Option<Delivery>,
}

#[derive(Debug, Serialize)]
pub(super) struct BotStatusChange {
    pub chat_id: ConversationId,
    pub enabled: bool,
    pub handling: Handling,
}

#[derive(Debug, Serialize)]
pub(super) struct ChatsUpdate {
    pub chat_ids: Option<Vec<ConversationId>>,
}

#[derive(Debug, Serialize)]
pub(super) struct LookersUpdate {
    pub chat_id: ConversationId,
}

#[derive(Debug, Serialize)]
pub(super) struct AnalyticsUpdate {
    pub at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct WhatsappStatus<'a> {
    #[serde(flatten)]
    pub connection: &'a Connection,
    pub advice: String,
}

impl<'a> WhatsappStatus<'a> {
    pub fn of(connection: &'a Connection) -> Self {
        Self { connection, advice: i18n::connection_advice(Language::Id, connection.word()) }
    }
}

/// A text of the hospital, or how a document stands, may have changed.
#[derive(Serialize)]
pub(super) struct KnowledgeUpdate {}

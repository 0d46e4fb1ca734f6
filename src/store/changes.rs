//! What happens to a message after it is stored: edited, taken back, decrypted at last; and what staff write on the
//! hospital's own phone.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    messages::NewMessage,
    rows::{millis, one, unknown},
};
use crate::domain::{ConversationId, Media, MessageId};

/// New words for what a patient wrote. Gives the message, if it is there.
pub fn edit(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    external_id: &str,
    text: &str,
    at: Timestamp,
) -> Result<Option<MessageId>, StoreError> {
    let sql = "UPDATE messages SET text = ?3, edited_at = ?4
               WHERE conversation_id = ?1 AND external_id = ?2 AND author = 'patient' RETURNING id";
    one(tx, sql, params![conversation.0, external_id, text, millis(at)], |row| Ok(MessageId(row.get(0)?)))
}

/// A patient takes a message back: it stays for staff, marked, and waits for no answer. Gives it, if it is there.
pub fn take_back(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    external_id: &str,
    at: Timestamp,
) -> Result<Option<MessageId>, StoreError> {
    let sql = "UPDATE messages SET deleted_at = ?3, outcome = coalesce(outcome, 'noted')
               WHERE conversation_id = ?1 AND external_id = ?2 AND author = 'patient' RETURNING id";
    one(tx, sql, params![conversation.0, external_id, millis(at)], |row| Ok(MessageId(row.get(0)?)))
}

/// What could not be decrypted has come after all: it waits for its answer now. Changes nothing otherwise.
pub fn decrypted(tx: &Transaction<'_>, id: MessageId, new: &NewMessage<'_>) -> Result<bool, StoreError> {
    let media = new.media.map(serde_json::to_string).transpose().map_err(|_| unknown("a file's JSON"))?;
    let changed = tx
        .prepare_cached(
            "UPDATE messages SET kind = ?2, text = ?3, has_words = ?4, quoted = ?5, media = ?6, outcome = NULL
             WHERE id = ?1 AND kind = 'unreadable'",
        )?
        .execute(params![id.0, new.kind.as_str(), new.text, new.has_words, new.quoted, media])?;
    Ok(changed > 0)
}

/// Stores what staff wrote on the hospital's own phone. Gives nothing when it is known.
pub fn written_on_phone(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    staff_name: &str,
    new: &NewMessage<'_>,
    at: Timestamp,
) -> Result<Option<MessageId>, StoreError> {
    let sql = "INSERT INTO messages (conversation_id, author, channel, kind, text, quoted, external_id, staff_name, at)
               VALUES (?1, 'staff', ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT (conversation_id, external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING id";
    let (channel, kind) = (new.channel.as_str(), new.kind.as_str());
    let params =
        params![conversation.0, channel, kind, new.text, new.quoted, new.external_id, staff_name, millis(at)];
    one(tx, sql, params, |row| Ok(MessageId(row.get(0)?)))
}

/// Writes down where a message's file lies, or why it is not kept.
pub fn set_media(tx: &Transaction<'_>, id: MessageId, media: &Media) -> Result<(), StoreError> {
    let media = serde_json::to_string(media).map_err(|_| unknown("a file's JSON"))?;
    tx.prepare_cached("UPDATE messages SET media = ?2 WHERE id = ?1")?.execute(params![id.0, media])?;
    Ok(())
}

//! Flags: why staff should look at a conversation, until one of them has.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{all, millis, time, word},
};
use crate::domain::{ConversationId, Flag, MessageId};

/// A flag that nobody has resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFlag {
    /// The patient's message that raised it.
    pub message: MessageId,
    /// Why.
    pub reason: Flag,
    /// When.
    pub at: Timestamp,
}

/// Raises a flag.
pub fn raise(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    message: MessageId,
    reason: Flag,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO flags (conversation_id, message_id, reason, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![conversation.0, message.0, reason.as_str(), millis(at)])?;
    Ok(())
}

/// Resolves every open flag of a conversation. Gives how many there were.
pub fn resolve(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    staff_name: &str,
    at: Timestamp,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE flags SET resolved_at = ?2, resolved_by = ?3
             WHERE conversation_id = ?1 AND resolved_at IS NULL",
        )?
        .execute(params![conversation.0, millis(at), staff_name])?)
}

/// The open flags of a conversation, oldest first.
pub fn open(tx: &Transaction<'_>, conversation: ConversationId) -> Result<Vec<OpenFlag>, StoreError> {
    let sql = "SELECT message_id, reason, at FROM flags
               WHERE conversation_id = ?1 AND resolved_at IS NULL ORDER BY id";
    all(tx, sql, [conversation.0], |row| {
        Ok(OpenFlag {
            message: MessageId(row.get(0)?),
            reason: word(&row.get::<_, String>(1)?)?,
            at: time(row.get(2)?)?,
        })
    })
}

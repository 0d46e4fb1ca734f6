//! Notes: what staff tell each other about a conversation. The patient never sees them.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{all, millis, time},
};
use crate::domain::ConversationId;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its row.
    pub id: i64,
    /// Who wrote it.
    pub staff_name: String,
    /// What it says.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// Writes a note.
pub fn add(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    staff_name: &str,
    text: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO notes (conversation_id, staff_name, text, at) VALUES (?1, ?2, ?3, ?4)",
        params![conversation.0, staff_name, text, millis(at)],
    )?;
    Ok(())
}

/// The newest `limit` notes of a conversation, oldest of them first.
pub fn list(tx: &Transaction<'_>, conversation: ConversationId, limit: u32) -> Result<Vec<Note>, StoreError> {
    let sql =
        "SELECT id, staff_name, text, at FROM notes WHERE conversation_id = ?1 ORDER BY id DESC LIMIT ?2";
    let mut notes = all(tx, sql, params![conversation.0, limit], |row| {
        Ok(Note { id: row.get(0)?, staff_name: row.get(1)?, text: row.get(2)?, at: time(row.get(3)?)? })
    })?;
    notes.reverse();
    Ok(notes)
}

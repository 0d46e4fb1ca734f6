//! Half-written messages of staff, one for each conversation and member of staff.

use rusqlite::{Transaction, params};

use super::{StoreError, rows::one};
use crate::domain::{ConversationId, StaffId};

/// Keeps what somebody has written so far; nothing forgets it.
pub fn keep(
    tx: &Transaction<'_>,
    staff: StaffId,
    conversation: ConversationId,
    text: &str,
) -> Result<(), StoreError> {
    if text.trim().is_empty() {
        tx.prepare_cached("DELETE FROM drafts WHERE staff_id = ?1 AND conversation_id = ?2")?
            .execute([staff.0, conversation.0])?;
    } else {
        tx.prepare_cached(
            "INSERT INTO drafts (staff_id, conversation_id, text) VALUES (?1, ?2, ?3)
             ON CONFLICT (staff_id, conversation_id) DO UPDATE SET text = excluded.text",
        )?
        .execute(params![staff.0, conversation.0, text])?;
    }
    Ok(())
}

/// What somebody has written so far.
pub fn of(
    tx: &Transaction<'_>,
    staff: StaffId,
    conversation: ConversationId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT text FROM drafts WHERE staff_id = ?1 AND conversation_id = ?2";
    one(tx, sql, [staff.0, conversation.0], |row| Ok(row.get(0)?))
}

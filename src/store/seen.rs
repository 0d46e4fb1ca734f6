//! How far each member of staff has read in each conversation.

use rusqlite::{Transaction, params};

use super::StoreError;
use crate::domain::{ConversationId, MessageId, StaffId};

/// Unread messages are counted up to here.
pub const MOST_UNREAD: u32 = 100;

/// Notes that somebody has read up to this message.
pub fn note(
    tx: &Transaction<'_>,
    staff: StaffId,
    conversation: ConversationId,
    up_to: MessageId,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO seen (staff_id, conversation_id, message_id) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation_id, staff_id) DO UPDATE SET message_id = max(message_id, excluded.message_id)",
    )?
    .execute([staff.0, conversation.0, up_to.0])?;
    Ok(())
}

/// How many of a patient's messages somebody has not read, [`MOST_UNREAD`] at most. What came before the account was made
/// counts as read.
pub fn unread(tx: &Transaction<'_>, staff: StaffId, conversation: ConversationId) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM (
                   SELECT 1 FROM messages
                   WHERE conversation_id = ?2 AND author = 'patient'
                     AND id > coalesce((SELECT message_id FROM seen WHERE conversation_id = ?2 AND staff_id = ?1), 0)
                     AND at >= (SELECT created_at FROM staff WHERE id = ?1)
                   ORDER BY id DESC LIMIT ?3)";
    Ok(tx.prepare_cached(sql)?.query_row(params![staff.0, conversation.0, MOST_UNREAD], |row| row.get(0))?)
}

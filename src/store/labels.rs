//! Labels: words that staff put on conversations to find them again.

use rusqlite::{Row, Transaction, params};
use serde::Serialize;

use super::{StoreError, rows::all};
use crate::domain::{ConversationId, LabelId};

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Its row.
    pub id: LabelId,
    /// What it says.
    pub name: String,
}

/// Every label, by its name.
pub fn list(tx: &Transaction<'_>) -> Result<Vec<Label>, StoreError> {
    all(tx, "SELECT id, name FROM labels ORDER BY name", [], label)
}

/// The labels of a conversation, by their names.
pub fn of(tx: &Transaction<'_>, conversation: ConversationId) -> Result<Vec<Label>, StoreError> {
    let sql = "SELECT l.id, l.name FROM conversation_labels c JOIN labels l ON l.id = c.label_id
               WHERE c.conversation_id = ?1 ORDER BY l.name";
    all(tx, sql, [conversation.0], label)
}

/// Puts a label on a conversation; one that nobody used before is made. Gives `false` when it is there already.
pub fn put(tx: &Transaction<'_>, conversation: ConversationId, name: &str) -> Result<bool, StoreError> {
    tx.prepare_cached("INSERT INTO labels (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?
        .execute([name])?;
    let put = tx
        .prepare_cached(
            "INSERT INTO conversation_labels (label_id, conversation_id)
             SELECT id, ?2 FROM labels WHERE name = ?1 ON CONFLICT DO NOTHING",
        )?
        .execute(params![name, conversation.0])?;
    Ok(put > 0)
}

/// Takes a label off a conversation; one that is nowhere else is forgotten. Gives whether it was there.
pub fn take_off(tx: &Transaction<'_>, conversation: ConversationId, id: LabelId) -> Result<bool, StoreError> {
    let taken = tx
        .prepare_cached("DELETE FROM conversation_labels WHERE label_id = ?1 AND conversation_id = ?2")?
        .execute([id.0, conversation.0])?;
    tx.prepare_cached(
        "DELETE FROM labels WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM conversation_labels WHERE label_id = ?1)",
    )?
    .execute([id.0])?;
    Ok(taken > 0)
}

fn label(row: &Row<'_>) -> Result<Label, StoreError> {
    Ok(Label { id: LabelId(row.get(0)?), name: row.get(1)? })
}

//! Texts that staff send again and again, each by a short name.

use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{all, one},
};

/// A text with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannedReply {
    /// Its row.
    pub id: i64,
    /// What staff type behind a slash; upper and lower case are the same.
    pub name: String,
    /// What the patient gets.
    pub text: String,
}

/// Every one, by its name.
pub fn list(tx: &Transaction<'_>) -> Result<Vec<CannedReply>, StoreError> {
    all(tx, "SELECT id, name, text FROM canned_replies ORDER BY name", [], |row| {
        Ok(CannedReply { id: row.get(0)?, name: row.get(1)?, text: row.get(2)? })
    })
}

/// Keeps a text under a name, in place of the one that was there.
pub fn save(tx: &Transaction<'_>, name: &str, text: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO canned_replies (name, text) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name, text = excluded.text",
        params![name, text],
    )?;
    Ok(())
}

/// Forgets one, and gives its name if there was one.
pub fn forget(tx: &Transaction<'_>, id: i64) -> Result<Option<String>, StoreError> {
    one(tx, "DELETE FROM canned_replies WHERE id = ?1 RETURNING name", [id], |row| Ok(row.get(0)?))
}

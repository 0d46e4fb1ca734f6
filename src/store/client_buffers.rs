//! What the WhatsApp client keeps for a short while beside its keys: messages that came in and are not stored as ours yet,
//! and messages that went out and may be asked for again.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{millis, one},
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// Came in, decrypted.
    Inbound,
    /// Went out.
    Sent,
}

impl Buffer {
    fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Sent => "sent",
        }
    }
}

/// A message's name at WhatsApp. Ids alone are not unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The chat's address.
    pub chat: String,
    /// The sender's address; empty for what went out.
    pub sender: String,
    /// The message's id.
    pub id: String,
}

/// Keeps a message, in WhatsApp's own encoding; the same name again replaces it.
pub fn put(
    tx: &Transaction<'_>,
    buffer: Buffer,
    name: &Name,
    message: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let Name { chat, sender, id } = name;
    tx.prepare_cached("INSERT OR REPLACE INTO client_buffers VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![buffer.as_str(), chat, sender, id, message, millis(at)])?;
    Ok(())
}

/// A kept message.
pub fn get(tx: &Transaction<'_>, buffer: Buffer, name: &Name) -> Result<Option<Vec<u8>>, StoreError> {
    let sql =
        "SELECT message FROM client_buffers WHERE buffer = ?1 AND chat = ?2 AND sender = ?3 AND id = ?4";
    let Name { chat, sender, id } = name;
    one(tx, sql, params![buffer.as_str(), chat, sender, id], |row| Ok(row.get(0)?))
}

/// Forgets a message.
pub fn remove(tx: &Transaction<'_>, buffer: Buffer, name: &Name) -> Result<(), StoreError> {
    let Name { chat, sender, id } = name;
    tx.prepare_cached(
        "DELETE FROM client_buffers WHERE buffer = ?1 AND chat = ?2 AND sender = ?3 AND id = ?4",
    )?
    .execute(params![buffer.as_str(), chat, sender, id])?;
    Ok(())
}

/// Forgets what was kept before `cutoff`. Gives how many.
pub fn remove_older(tx: &Transaction<'_>, buffer: Buffer, cutoff: Timestamp) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM client_buffers WHERE buffer = ?1 AND at < ?2")?
        .execute(params![buffer.as_str(), millis(cutoff)])?)
}

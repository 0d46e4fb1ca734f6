//! Files that came with messages: what is still to be fetched, and the folder in which they lie.
//!
//! Each file has one name, made from its message's row, and is opened in this module only: what reads and writes them can
//! be given a key here without anybody else noticing. Nothing of a name or type that a sender gave touches the disk.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError, changes,
    rows::{millis, one, time_or_none, unknown},
};
use crate::domain::{Media, MessageId};

/// A file that may be fetched now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFile {
    /// The message that it came with.
    pub message: MessageId,
    /// What the message says of it.
    pub media: Media,
    /// How WhatsApp names it, in its own encoding.
    pub reference: Vec<u8>,
    /// How often it was tried.
    pub attempts: u32,
}

/// Writes down that a message's file is to be fetched.
pub fn wish(
    tx: &Transaction<'_>,
    message: MessageId,
    reference: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO media_fetches (message_id, reference, not_before) VALUES (?1, ?2, ?3)
         ON CONFLICT (message_id) DO NOTHING",
    )?
    .execute(params![message.0, reference, millis(at)])?;
    Ok(())
}

/// The oldest file that may be fetched now.
pub fn due(tx: &Transaction<'_>, now: Timestamp) -> Result<Option<DueFile>, StoreError> {
    let sql = "SELECT f.message_id, m.media, f.reference, f.attempts
               FROM media_fetches f JOIN messages m ON m.id = f.message_id
               WHERE f.not_before <= ?1 AND m.media IS NOT NULL ORDER BY f.message_id LIMIT 1";
    one(tx, sql, [millis(now)], |row| {
        let media: String = row.get(1)?;
        Ok(DueFile {
            message: MessageId(row.get(0)?),
            media: serde_json::from_str(&media).map_err(|_| unknown("a file's JSON"))?,
            reference: row.get(2)?,
            attempts: row.get(3)?,
        })
    })
}

/// When the next file may be fetched; `None` when there is none.
pub fn next_time(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(not_before) FROM media_fetches";
    Ok(one(tx, sql, [], |row| time_or_none(row.get(0)?))?.flatten())
}

/// How many files of the same conversation are kept since `since`.
pub fn count_beside(tx: &Transaction<'_>, message: MessageId, since: Timestamp) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM messages m
               WHERE m.conversation_id = (SELECT conversation_id FROM messages WHERE id = ?1)
                 AND m.at >= ?2 AND m.media ->> 'file' IS NOT NULL";
    Ok(tx.query_row(sql, params![message.0, millis(since)], |row| row.get(0))?)
}

/// Puts a file off after it could not be fetched.
pub fn put_off(tx: &Transaction<'_>, message: MessageId, until: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE media_fetches SET attempts = attempts + 1, not_before = ?2 WHERE message_id = ?1",
    )?
    .execute(params![message.0, millis(until)])?;
    Ok(())
}

/// Writes down where the file lies, or why it never will. It is fetched no more.
pub fn settle(tx: &Transaction<'_>, message: MessageId, media: &Media) -> Result<(), StoreError> {
    changes::set_media(tx, message, media)?;
    tx.prepare_cached("DELETE FROM media_fetches WHERE message_id = ?1")?.execute([message.0])?;
    Ok(())
}

/// The folder in which the files lie.
#[derive(Clone, Debug)]
pub struct MediaFolder {
    root: PathBuf,
}

impl MediaFolder {
    pub(super) fn beside(database: &Path) -> Self {
        Self { root: database.with_file_name("media") }
    }

    /// An empty file to write a message's file into; [`MediaFolder::keep`] gives it its name.
    ///
    /// # Errors
    /// [`StoreError::Media`].
    pub fn draft(&self, message: MessageId) -> Result<File, StoreError> {
        let path = self.path(&draft_name(message));
        let made = fs::create_dir_all(&self.root)
            .and_then(|()| File::options().read(true).write(true).create(true).truncate(true).open(&path));
        made.map_err(StoreError::Media)
    }

    /// Gives a draft that was written to its end its name, and gives that and its length in bytes.
    ///
    /// # Errors
    /// [`StoreError::Media`].
    pub fn keep(&self, message: MessageId, draft: &File) -> Result<(String, u64), StoreError> {
        let name = format!("{:02x}/{}", message.0 & 0xff, message.0);
        let path = self.path(&name);
        let keep = || -> io::Result<u64> {
            draft.sync_all()?;
            fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
            fs::rename(self.path(&draft_name(message)), &path)?;
            Ok(draft.metadata()?.len())
        };
        Ok((name, keep().map_err(StoreError::Media)?))
    }

    /// Removes a draft.
    pub fn discard(&self, message: MessageId) {
        // It may never have been made.
        let _ = fs::remove_file(self.path(&draft_name(message)));
    }

    /// Opens a kept file by the name in its message's row.
    ///
    /// # Errors
    /// [`StoreError::Media`].
    pub fn open(&self, name: &str) -> Result<File, StoreError> {
        File::open(self.path(name)).map_err(StoreError::Media)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

fn draft_name(message: MessageId) -> String {
    format!("{}.part", message.0)
}

//! What files of the knowledge folder have held: a bounded number of versions a file, so that each can be looked at and
//! put back.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};
use serde::Deserialize;

use super::{
    StoreError,
    rows::{all, millis, one, time, word},
};

/// Versions of one file that are kept …
const MOST_VERSIONS: u32 = 30;
/// … as long as they have no more bytes together; the newest three are kept however large they are.
const MOST_BYTES: i64 = 128 << 20;

/// How a version came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody wrote it in a page.
    Saved,
    /// Somebody uploaded it.
    Uploaded,
    /// Somebody put an older version back.
    Restored,
    /// Somebody deleted the file.
    Deleted,
    /// It was found when a page was about to change the file: written by hand on the disk.
    Outside,
    /// Somebody uploaded it where a file was already, and has not yet said that it may replace that one.
    Aside,
}

impl Reason {
    /// The word that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Uploaded => "uploaded",
            Self::Restored => "restored",
            Self::Deleted => "deleted",
            Self::Outside => "outside",
            Self::Aside => "aside",
        }
    }
}

/// A version, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVersion {
    /// Its row.
    pub id: i64,
    /// The file's path within the knowledge folder.
    pub path: String,
    /// How it came about.
    pub reason: Reason,
    /// Who wrote it; nobody is known for what was changed outside.
    pub author: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How large it is; a deleted file has no content.
    pub bytes: Option<u64>,
}

/// Keeps a version. Gives its row; the oldest of the file go when there are too many.
pub fn keep(
    tx: &Transaction<'_>,
    path: &str,
    reason: Reason,
    author: Option<&str>,
    content: Option<&[u8]>,
    at: Timestamp,
) -> Result<i64, StoreError> {
    tx.prepare_cached(
        "INSERT INTO file_versions (path, reason, author, at, content) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![path, reason.as_str(), author, millis(at), content])?;
    let id = tx.last_insert_rowid();
    tx.prepare_cached(
        "DELETE FROM file_versions WHERE id IN (
             SELECT id FROM (SELECT id, row_number() OVER newest AS number,
                                    sum(coalesce(length(content), 0)) OVER newest AS bytes
                             FROM file_versions WHERE path = ?1 WINDOW newest AS (ORDER BY id DESC))
             WHERE number > ?2 OR (number > 3 AND bytes > ?3))",
    )?
    .execute(params![path, MOST_VERSIONS, MOST_BYTES])?;
    Ok(id)
}

/// The content that a page wrote last; `None` where no page has written the file, and where one has deleted it.
pub fn last_written(tx: &Transaction<'_>, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let sql =
        "SELECT content FROM file_versions WHERE path = ?1 AND reason <> 'aside' ORDER BY id DESC LIMIT 1";
    Ok(one(tx, sql, [path], |row| Ok(row.get(0)?))?.flatten())
}

/// The versions of a file, newest first.
pub fn list(tx: &Transaction<'_>, path: &str) -> Result<Vec<FileVersion>, StoreError> {
    let sql = "SELECT id, path, reason, author, at, length(content) FROM file_versions WHERE path = ?1 ORDER BY id DESC";
    all(tx, sql, [path], version)
}

/// Files that a page has deleted and that nothing was written to since, the newest first.
pub fn deleted(tx: &Transaction<'_>, limit: u32) -> Result<Vec<FileVersion>, StoreError> {
    let sql = "SELECT id, path, reason, author, at, length(content) FROM file_versions
               WHERE id IN (SELECT max(id) FROM file_versions WHERE reason <> 'aside' GROUP BY path)
                 AND reason = 'deleted' ORDER BY id DESC LIMIT ?1";
    all(tx, sql, [limit], version)
}

/// A version with its content; a deleted file has none.
pub type WholeVersion = (FileVersion, Option<Vec<u8>>);

/// One version with its content.
pub fn get(tx: &Transaction<'_>, id: i64) -> Result<Option<WholeVersion>, StoreError> {
    let sql =
        "SELECT id, path, reason, author, at, length(content), content FROM file_versions WHERE id = ?1";
    one(tx, sql, [id], |row| Ok((version(row)?, row.get(6)?)))
}

/// Forgets what was uploaded aside, once it was taken or is not wanted.
pub fn forget_aside(tx: &Transaction<'_>, path: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM file_versions WHERE path = ?1 AND reason = 'aside'", [path])?;
    Ok(())
}

fn version(row: &Row<'_>) -> Result<FileVersion, StoreError> {
    Ok(FileVersion {
        id: row.get(0)?,
        path: row.get(1)?,
        reason: word(&row.get::<_, String>(2)?)?,
        author: row.get(3)?,
        at: time(row.get(4)?)?,
        bytes: row.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_bounded_number_of_versions_is_kept_of_each_file() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        let now = Timestamp::UNIX_EPOCH;
        store.write_blocking(|tx| keep(tx, "a.md", Reason::Outside, None, Some(b"before"), now))?;
        for number in 0..40 {
            let text = format!("text {number}");
            store.write_blocking(|tx| {
                keep(tx, "b.md", Reason::Saved, Some("ayu"), Some(text.as_bytes()), now)
            })?;
        }
        let (of_a, of_b) = store.read_blocking(|tx| Ok((list(tx, "a.md")?, list(tx, "b.md")?)))?;
        assert_eq!((of_a.len(), of_b.len()), (1, MOST_VERSIONS as usize), "one file leaves another's alone");
        let newest = store.read_blocking(|tx| last_written(tx, "b.md"))?;
        assert_eq!(newest.as_deref(), Some(b"text 39".as_slice()));

        store.write_blocking(|tx| keep(tx, "b.md", Reason::Deleted, Some("ayu"), None, now))?;
        assert_eq!(store.read_blocking(|tx| last_written(tx, "b.md"))?, None);
        let gone = store.read_blocking(|tx| deleted(tx, 10))?;
        assert_eq!(gone.iter().map(|version| version.path.as_str()).collect::<Vec<_>>(), ["b.md"]);
        Ok(())
    }
}

//! Opening, migrating, and the two ways in: [`Store::read`] and [`Store::write`].

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction};
use rusqlite_migration::{M, Migrations};

use tokio::sync::oneshot;

use super::{
    media::MediaFolder,
    writer::{Outcome, Writer},
};

/// Every schema change, oldest first. A released step is never edited, only followed.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/01_conversations.sql")),
    M::up(include_str!("migrations/02_knowledge.sql")),
    M::up(include_str!("migrations/03_whatsapp.sql")).foreign_key_check(),
    M::up(include_str!("migrations/04_dashboard.sql")),
    M::up(include_str!("migrations/05_file_versions.sql")),
    M::up(include_str!("migrations/06_figures.sql")),
    M::up(include_str!("migrations/07_contacts_search.sql")),
];

/// How long a connection waits for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Reader connections kept open between reads.
const KEPT_READERS: usize = 8;

/// What can go wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database refused: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What was written could not be committed.
    #[error("the database could not commit: {0}")]
    Commit(Arc<rusqlite::Error>),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    /// The file is damaged; it is left as it is.
    #[error(
        "the database {path} is damaged ({detail}); it was left untouched: put the newest backup in its place"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite's quick check said first.
        detail: String,
    },
    /// Its folder could not be made.
    #[error("cannot create the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The disk does not say how much room it has.
    #[error("the disk's free space cannot be read: {0}")]
    FreeSpace(std::io::Error),
    /// A patient's file could not be written or read.
    #[error("a file of the media folder failed: {0}")]
    Media(std::io::Error),
    /// A row holds what this version can't read.
    #[error("the database holds {what}, which this version does not know")]
    Unknown {
        /// The value, never patient text.
        what: String,
    },
    /// The system's random number generator gave nothing.
    #[error("the system has no randomness to give")]
    Randomness,
    /// The blocking task was torn down (the server is stopping).
    #[error("the database task was cancelled")]
    Cancelled,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens (or creates) the database file, checks it and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the quick check fails; nothing is written then.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
        }
        let mut writer = Connection::open(path)?;
        check(&writer, path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        configure(&writer)?;
        // A table that is made anew must not take along what points at it; each such step checks the keys itself.
        writer.pragma_update(None, "foreign_keys", false)?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut writer)?;
        writer.pragma_update(None, "foreign_keys", true)?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: Writer::new(writer),
                readers: Mutex::new(Vec::new()),
            }),
        })
    }

    /// Bytes that may still be written to the disk that it lies on.
    ///
    /// # Errors
    /// [`StoreError::FreeSpace`].
    pub fn free_space(&self) -> Result<u64, StoreError> {
        free_space(self.inner.path.parent().unwrap_or(Path::new(".")))
    }

    /// The folder of patients' files.
    pub fn media_folder(&self) -> MediaFolder {
        MediaFolder::beside(&self.inner.path)
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `work` in a read transaction: one snapshot, however long it takes.
    ///
    /// # Errors
    /// What `work` returns, or that the connection could not be had.
    pub async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.read_blocking(work)).await
    }

    /// [`Store::read`] where it is called, for a few rows found by an index: no other thread is woken for it. On a
    /// message's way such wake-ups were a third of all samples (`perf` on `benches/whatsapp`).
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn glance<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read_blocking(work)
    }

    /// Runs `work` in a write transaction, together with what else waits to be written; an error takes all of `work`
    /// back. It has returned only when it is on the disk.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError::Commit`].
    pub async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        match self.put(work).await {
            Ok(Ok(written)) => written,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Cancelled),
        }
    }

    /// [`Store::write`] for what may be lost with the process, and for which nobody waits.
    pub fn write_soon<W>(&self, work: W)
    where
        W: FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static,
    {
        drop(self.put(work));
    }

    fn put<T, W>(&self, work: W) -> oneshot::Receiver<Outcome<T>>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (told, must_attend) = self.inner.writer.put(work);
        if must_attend {
            let store = self.clone();
            // Nobody waits for the thread itself: what it commits is told to each.
            drop(tokio::task::spawn_blocking(move || store.inner.writer.attend()));
        }
        told
    }

    /// [`Store::read`] for threads that may block.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.inner.readers.lock().pop();
        let mut reader = match kept {
            Some(reader) => reader,
            None => self.open_reader()?,
        };
        let done = {
            let tx = reader.transaction()?;
            work(&tx)
        };
        let mut readers = self.inner.readers.lock();
        if readers.len() < KEPT_READERS {
            readers.push(reader);
        }
        done
    }

    /// [`Store::write`] for threads that may block.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.inner.writer.alone(work)
    }

    fn open_reader(&self) -> Result<Connection, StoreError> {
        let reader = Connection::open_with_flags(
            &self.inner.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        configure(&reader)?;
        Ok(reader)
    }
}

/// Bytes that may still be written to the disk of a folder.
///
/// # Errors
/// [`StoreError::FreeSpace`].
pub fn free_space(folder: &Path) -> Result<u64, StoreError> {
    let disk = rustix::fs::statvfs(folder).map_err(|errno| StoreError::FreeSpace(errno.into()))?;
    Ok(disk.f_bavail * disk.f_frsize)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(gone) => match gone.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Cancelled),
        },
    }
}

/// Refuses a damaged file before anything is written to it.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(detail) => Err(StoreError::Damaged { path: path.to_owned(), detail }),
        Err(refused)
            if matches!(
                refused.sqlite_error_code(),
                Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
            ) =>
        {
            Err(StoreError::Damaged { path: path.to_owned(), detail: refused.to_string() })
        }
        Err(refused) => Err(refused.into()),
    }
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid() {
        assert!(Migrations::from_slice(MIGRATIONS).validate().is_ok());
    }

    /// R7: a damaged database is refused, and kept as it is.
    #[test]
    fn r07_a_damaged_file_is_refused_and_kept() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("satubumi.db");
        drop(Store::open(&path)?);
        let mut bytes = std::fs::read(&path)?;
        for byte in bytes.iter_mut().skip(4096).step_by(7) {
            *byte ^= 0xA5;
        }
        std::fs::write(&path, &bytes)?;
        assert!(matches!(Store::open(&path), Err(StoreError::Damaged { .. })));
        assert_eq!(std::fs::read(&path)?, bytes);
        Ok(())
    }
}

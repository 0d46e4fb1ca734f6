//! Writes that wait are committed together: one wait for the disk serves them all.
//!
//! Each write runs in a savepoint, so that one that fails is taken back alone; none is told that it is done before the
//! common commit is on the disk. Whoever writes first while nobody does commits for those who come meanwhile.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;

/// Writes that are committed together at most; those behind them wait that long.
const TOGETHER: usize = 64;
/// While several write at once, a commit waits so long for more: a wait for the disk and the waking of threads cost more.
const GATHERING: Duration = Duration::from_micros(300);

/// The one connection that writes, and what waits for it.
pub(super) struct Writer {
    connection: Mutex<Connection>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Whether somebody is committing and will look here again.
    is_attended: bool,
}

/// Runs in the transaction, or learns that there is none; what it gives is called when that is committed, or is not.
type Job = Box<dyn FnOnce(Result<&Transaction<'_>, Arc<rusqlite::Error>>) -> Told + Send>;
type Told = Box<dyn FnOnce(Result<(), Arc<rusqlite::Error>>) + Send>;

/// What came of a write, or the panic in it.
pub(super) type Outcome<T> = Result<Result<T, StoreError>, Box<dyn Any + Send>>;

impl Writer {
    pub fn new(connection: Connection) -> Self {
        Self { connection: Mutex::new(connection), waiting: Mutex::default() }
    }

    /// Puts a write in line. What it came to is told once it is committed. Gives whether somebody has to
    /// [`Writer::attend`], on a thread that may block.
    pub fn put<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> (oneshot::Receiver<Outcome<T>>, bool) {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            let outcome = match tx {
                Ok(tx) => catch_unwind(AssertUnwindSafe(|| in_savepoint(tx, work))),
                Err(error) => Ok(Err(StoreError::Commit(error))),
            };
            Box::new(move |committed| {
                let outcome = match (outcome, committed) {
                    (Ok(Ok(_)), Err(error)) => Ok(Err(StoreError::Commit(error))),
                    (outcome, _) => outcome,
                };
                // Whoever asked may be gone; it is written all the same.
                let _ = tell.send(outcome);
            })
        });
        let mut waiting = self.waiting.lock();
        waiting.jobs.push_back(job);
        (told, !std::mem::replace(&mut waiting.is_attended, true))
    }

    /// Commits what waits until nothing does.
    pub fn attend(&self) {
        let mut connection = self.connection.lock();
        let mut was_shared = false;
        loop {
            let mut told = Vec::with_capacity(TOGETHER);
            if was_shared && self.waiting.lock().jobs.len() < TOGETHER {
                std::thread::sleep(GATHERING);
            }
            let committed = self.commit_together(&mut connection, &mut told).map_err(Arc::new);
            was_shared = told.len() > 1;
            for tell in told {
                tell(committed.clone());
            }
            let mut waiting = self.waiting.lock();
            if waiting.jobs.is_empty() {
                waiting.is_attended = false;
                return;
            }
        }
    }

    /// One write in a transaction of its own.
    pub fn alone<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.lock();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&tx)?;
        tx.commit()?;
        Ok(value)
    }

    fn next(&self) -> Option<Job> {
        self.waiting.lock().jobs.pop_front()
    }

    fn commit_together(&self, connection: &mut Connection, told: &mut Vec<Told>) -> rusqlite::Result<()> {
        let Some(first) = self.next() else { return Ok(()) };
        // Immediate: a deferred transaction that turns writer half-way can fail where waiting would have helped.
        let tx = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => tx,
            Err(error) => {
                let error = Arc::new(error);
                let refused = first(Err(Arc::clone(&error)));
                refused(Err(error));
                return Ok(());
            }
        };
        told.push(first(Ok(&tx)));
        // A full disk makes SQLite take everything back by itself; a write after that would stand alone.
        while told.len() < TOGETHER
            && !tx.is_autocommit()
            && let Some(next) = self.next()
        {
            told.push(next(Ok(&tx)));
        }
        tx.commit()
    }
}

/// Runs one of several writes; what fails leaves nothing behind.
fn in_savepoint<T>(
    tx: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    tx.prepare_cached("SAVEPOINT one")?.execute([])?;
    let undo = Undo(tx);
    let value = work(tx)?;
    tx.prepare_cached("RELEASE one")?.execute([])?;
    std::mem::forget(undo);
    Ok(value)
}

/// Takes a write back when it is dropped: at an error and at a panic.
struct Undo<'a>(&'a Transaction<'a>);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        // SQLite may have taken everything back itself (a full disk); the commit then fails and says so.
        let _ = self.0.execute_batch("ROLLBACK TO one; RELEASE one");
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::store::{Store, heartbeat};

    async fn count(store: &Store) -> i64 {
        let sql = "SELECT count(*) FROM api_tokens";
        store.read(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?)).await.unwrap()
    }

    fn add(tx: &Transaction<'_>, number: i64) -> Result<i64, StoreError> {
        use crate::store::tokens::{TokenHash, add};
        add(
            tx,
            &format!("token {number}"),
            TokenHash::of(&number.to_string()),
            &[],
            jiff::Timestamp::UNIX_EPOCH,
        )?;
        Ok(number)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_fails_among_many_is_taken_back_alone() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        let writes = (0..200).map(|number| {
            store.write(move |tx| {
                add(tx, number)?;
                if number % 10 == 3 { Err(StoreError::Cancelled) } else { Ok(number) }
            })
        });
        let written = futures::future::join_all(writes).await;
        for (number, write) in (0..).zip(written) {
            match write {
                Ok(told) => assert!(told == number && number % 10 != 3),
                Err(error) => assert!(number % 10 == 3, "{error}"),
            }
        }
        assert_eq!(count(&store).await, 180);
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_reaches_who_wrote_and_nobody_else() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        let panics = async {
            let write = store.write(|tx| -> Result<(), StoreError> {
                add(tx, 1)?;
                panic!("in the middle of a write")
            });
            AssertUnwindSafe(write).catch_unwind().await.is_err()
        };
        let (panicked, beat) =
            tokio::join!(panics, store.write(|tx| heartbeat::beat(tx, jiff::Timestamp::now())));
        assert!(panicked && beat.is_ok());
        assert_eq!(count(&store).await, 0);
        store.write(|tx| add(tx, 2)).await?;
        assert_eq!(count(&store).await, 1);
        Ok(())
    }
}

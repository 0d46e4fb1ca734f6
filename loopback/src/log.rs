//! A list that grows and can be waited on: what the server saw, what a patient got.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::error::{Error, Result};

/// Entries in the order in which they came. Waiting looks at what is there already, then at what comes.
#[derive(Debug)]
pub struct Log<T> {
    entries: Mutex<Vec<T>>,
    length: watch::Sender<usize>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { entries: Mutex::default(), length: watch::Sender::new(0) }
    }
}

impl<T: Clone> Log<T> {
    pub(crate) fn push(&self, entry: T) {
        let length = {
            let mut entries = self.entries.lock();
            entries.push(entry);
            entries.len()
        };
        self.length.send_replace(length);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.lock().len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entries so far.
    pub fn all(&self) -> Vec<T> {
        self.entries.lock().clone()
    }

    /// The entries after the first `already`, for readers that follow the log.
    pub fn since(&self, already: usize) -> Vec<T> {
        self.entries.lock().iter().skip(already).cloned().collect()
    }

    /// How many entries match.
    pub fn count(&self, matches: impl Fn(&T) -> bool) -> usize {
        self.entries.lock().iter().filter(|entry| matches(entry)).count()
    }

    /// Forgets all entries, so that later waits find only what comes after.
    pub fn clear(&self) {
        self.entries.lock().clear();
        self.length.send_replace(0);
    }

    /// The first entry that matches, there already or yet to come.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when none came within `patience`.
    pub async fn wait_for(&self, matches: impl Fn(&T) -> bool, patience: Duration) -> Result<T> {
        self.wait_for_nth(0, matches, patience).await
    }

    /// The entry that matches as number `nth`, counted from zero, there already or yet to come.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when so many did not come within `patience`.
    pub async fn wait_for_nth(
        &self,
        nth: usize,
        matches: impl Fn(&T) -> bool,
        patience: Duration,
    ) -> Result<T> {
        let mut length = self.length.subscribe();
        let search = async {
            loop {
                length.mark_unchanged();
                let found = self.entries.lock().iter().filter(|entry| matches(entry)).nth(nth).cloned();
                if let Some(found) = found {
                    return found;
                }
                // The sender lives as long as `self`.
                let _ = length.changed().await;
            }
        };
        tokio::time::timeout(patience, search).await.map_err(|_| Error::TimedOut(patience))
    }

    /// Waits until there are more than `already` entries.
    pub async fn grown(&self, already: usize) {
        let mut length = self.length.subscribe();
        // The sender lives as long as `self`.
        let _ = length.wait_for(|length| *length > already).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_finds_what_was_there_and_what_comes() {
        let log = Log::default();
        log.push(1);
        assert_eq!(log.wait_for(|n| *n == 1, Duration::from_secs(1)).await.unwrap(), 1);
        let (found, ()) = tokio::join!(log.wait_for(|n| *n == 2, Duration::from_secs(1)), async {
            tokio::task::yield_now().await;
            log.push(2);
        });
        assert_eq!(found.unwrap(), 2);
        assert!(matches!(log.wait_for(|n| *n == 3, Duration::from_millis(1)).await, Err(Error::TimedOut(_))));
        log.clear();
        assert_eq!(log.count(|_| true), 0);
    }
}

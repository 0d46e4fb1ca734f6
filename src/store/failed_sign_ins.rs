//! Sign-ins that failed: how long a guesser has to wait.
//!
//! After a few failures each further try has to wait, twice as long each time, by the account's name and by the address
//! that it comes from. A wait ends by itself, so nobody can be locked out for good.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{millis, time},
};

/// Failures older than this count no more (OWASP's cheat sheet on authentication: an observation window).
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Failures of one name before its next try has to wait.
const FREE_OF_NAME: u32 = 5;
/// Failures from one address before its next try has to wait: a reverse proxy's address stands for everybody behind it.
const FREE_OF_ADDRESS: u32 = 50;
/// The first wait; it doubles with each failure.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Notes a failure.
pub fn note(tx: &Transaction<'_>, name: &str, address: &str, at: Timestamp) -> Result<(), StoreError> {
    tx.execute("DELETE FROM failed_sign_ins WHERE at <= ?1", [millis(at - WINDOW)])?;
    tx.execute(
        "INSERT INTO failed_sign_ins (name, address, at) VALUES (?1, ?2, ?3)",
        params![name, address, millis(at)],
    )?;
    Ok(())
}

/// Forgets the failures of a name: its owner has signed in.
pub fn forget(tx: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM failed_sign_ins WHERE name = ?1", [name])?;
    Ok(())
}

/// How long the next try with this name, or from this address, has to wait; `None` when it need not.
pub fn wait(
    tx: &Transaction<'_>,
    name: &str,
    address: &str,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let of_name = failures(tx, "name", name, now)?;
    let of_address = failures(tx, "address", address, now)?;
    let until = [wait_of(of_name, FREE_OF_NAME), wait_of(of_address, FREE_OF_ADDRESS)];
    let until = until.into_iter().flatten().max();
    Ok(until
        .and_then(|until| Duration::try_from(until.duration_since(now)).ok())
        .filter(|wait| !wait.is_zero()))
}

fn failures(
    tx: &Transaction<'_>,
    column: &str,
    value: &str,
    now: Timestamp,
) -> Result<(u32, Option<Timestamp>), StoreError> {
    let sql = format!("SELECT count(*), max(at) FROM failed_sign_ins WHERE {column} = ?1 AND at > ?2");
    let (count, last): (u32, Option<i64>) = tx
        .prepare_cached(&sql)?
        .query_row(params![value, millis(now - WINDOW)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count, last.map(time).transpose()?))
}

fn wait_of((count, last): (u32, Option<Timestamp>), free: u32) -> Option<Timestamp> {
    let doublings = count.checked_sub(free)?;
    let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT);
    last.map(|last| last + wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_guesser_waits_longer_each_time_and_the_owner_does_not_wait_for_ever() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        let at = |seconds: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let waits = |name: &'static str, address: &'static str, now: i64| {
            store.read_blocking(|tx| wait(tx, name, address, at(now)))
        };
        let fail = |name: &'static str, address: &'static str, now: i64| {
            store.write_blocking(|tx| note(tx, name, address, at(now)))
        };
        for second in 0..4 {
            fail("sari", "10.0.0.7", second)?;
        }
        assert_eq!(waits("sari", "10.0.0.7", 4)?, None);
        fail("Sari", "10.0.0.8", 4)?;
        assert_eq!(waits("sari", "10.0.0.9", 4)?, Some(Duration::from_secs(2)), "any spelling, any address");
        assert_eq!(waits("sari", "10.0.0.9", 6)?, None);
        assert_eq!(waits("budi", "10.0.0.7", 4)?, None);
        fail("sari", "10.0.0.9", 6)?;
        assert_eq!(waits("sari", "10.0.0.9", 6)?, Some(Duration::from_secs(4)));
        for _ in 0..30 {
            fail("sari", "10.0.0.9", 10)?;
        }
        assert_eq!(waits("sari", "10.0.0.9", 10)?, Some(LONGEST_WAIT));
        assert_eq!(waits("sari", "10.0.0.9", 10 + 15 * 60)?, None);
        store.write_blocking(|tx| forget(tx, "SARI"))?;
        assert_eq!(waits("sari", "10.0.0.9", 10)?, None);
        for _ in 0..50 {
            fail("siapa pun", "10.0.0.66", 20)?;
        }
        assert!(waits("budi", "10.0.0.66", 20)?.is_some(), "whoever tries all names waits too");
        Ok(())
    }
}

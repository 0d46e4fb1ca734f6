//! Staff's sessions on the dashboard: who is signed in, since when, how they end.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, Transaction, params};
use sha2::{Digest, Sha256};

use super::{
    StoreError,
    rows::{all, millis, one, time},
};
use crate::domain::StaffId;

/// A session that nobody uses for so long has ended: a shift, and the night between two.
pub const IDLE: SignedDuration = SignedDuration::from_hours(14);
/// How exact `last_seen_at` is: a write per request would buy nothing.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What is stored of a session's cookie: looking up a hash tells a guesser nothing by its timing, and who reads the
/// database can't sign in with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionHash([u8; 32]);

impl SessionHash {
    /// The hash of a cookie's value.
    pub fn of(cookie: &str) -> Self {
        Self(Sha256::digest(cookie.as_bytes()).into())
    }
}

/// What a session remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// JSON, as its keeper wrote it.
    pub data: String,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    last_seen_at: Timestamp,
}

impl StoredSession {
    /// Whether its use at `now` is worth noting.
    pub fn use_is_news(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen_at) >= USE_NOTED_EVERY
    }
}

/// A session as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// Its row.
    pub id: i64,
    /// Its cookie's hash, to know one's own.
    pub hash: SessionHash,
    /// JSON, as its keeper wrote it.
    pub data: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, exact to a minute.
    pub last_seen_at: Timestamp,
}

/// Begins a session. Gives `false` when there is one of that hash.
pub fn create(
    tx: &Transaction<'_>,
    hash: SessionHash,
    staff: Option<StaffId>,
    data: &str,
    expires_at: Timestamp,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let created = tx.execute(
        "INSERT INTO sessions (hash, staff_id, data, created_at, last_seen_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5) ON CONFLICT (hash) DO NOTHING",
        params![hash.0, staff.map(|id| id.0), data, millis(at), millis(expires_at)],
    )?;
    Ok(created > 0)
}

/// Writes what a session remembers. One that has ended stays ended, and none lasts longer than it was begun for.
pub fn save(
    tx: &Transaction<'_>,
    hash: SessionHash,
    staff: Option<StaffId>,
    data: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE sessions SET staff_id = ?2, data = ?3 WHERE hash = ?1",
        params![hash.0, staff.map(|id| id.0), data],
    )?;
    Ok(())
}

/// A session that has not ended.
pub fn load(
    tx: &Transaction<'_>,
    hash: SessionHash,
    now: Timestamp,
) -> Result<Option<StoredSession>, StoreError> {
    let sql = "SELECT data, expires_at, last_seen_at FROM sessions
               WHERE hash = ?1 AND expires_at > ?2 AND last_seen_at > ?3";
    one(tx, sql, params![hash.0, millis(now), millis(now - IDLE)], |row| {
        Ok(StoredSession {
            data: row.get(0)?,
            expires_at: time(row.get(1)?)?,
            last_seen_at: time(row.get(2)?)?,
        })
    })
}

/// Notes that a session was used.
pub fn note_use(tx: &Transaction<'_>, hash: SessionHash, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET last_seen_at = ?2 WHERE hash = ?1")?
        .execute(params![hash.0, millis(at)])?;
    Ok(())
}

/// Ends a session.
pub fn end(tx: &Transaction<'_>, hash: SessionHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions WHERE hash = ?1", [hash.0])?;
    Ok(())
}

/// Ends the session of that row, if it is this member's. Gives whether it was.
pub fn end_one_of(tx: &Transaction<'_>, staff: StaffId, id: i64) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM sessions WHERE id = ?2 AND staff_id = ?1", [staff.0, id])? > 0)
}

/// Ends all sessions of an account but one. Gives how many those were.
pub fn end_all_of(
    tx: &Transaction<'_>,
    staff: StaffId,
    but: Option<SessionHash>,
) -> Result<usize, StoreError> {
    let sql = "DELETE FROM sessions WHERE staff_id = ?1 AND hash IS NOT ?2";
    Ok(tx.execute(sql, params![staff.0, but.map(|hash| hash.0)])?)
}

/// Whether somebody is signed in with this session, whose account still holds.
pub fn is_live(tx: &Transaction<'_>, hash: SessionHash, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sessions s JOIN staff ON staff.id = s.staff_id
                              WHERE s.hash = ?1 AND s.expires_at > ?2 AND s.last_seen_at > ?3
                                AND staff.disabled_at IS NULL)";
    Ok(tx
        .prepare_cached(sql)?
        .query_row(params![hash.0, millis(now), millis(now - IDLE)], |row| row.get(0))?)
}

/// An account's sessions that have not ended, the last used first.
pub fn list(tx: &Transaction<'_>, staff: StaffId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
    let sql = "SELECT id, hash, data, created_at, last_seen_at FROM sessions
               WHERE staff_id = ?1 AND expires_at > ?2 AND last_seen_at > ?3 ORDER BY last_seen_at DESC, id DESC";
    all(tx, sql, params![staff.0, millis(now), millis(now - IDLE)], listed)
}

/// Forgets sessions that have ended by themselves.
pub fn forget_ended(tx: &Transaction<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let sql = "DELETE FROM sessions WHERE expires_at <= ?1 OR last_seen_at <= ?2";
    Ok(tx.execute(sql, [millis(now), millis(now - IDLE)])?)
}

fn listed(row: &Row<'_>) -> Result<ListedSession, StoreError> {
    Ok(ListedSession {
        id: row.get(0)?,
        hash: SessionHash(row.get(1)?),
        data: row.get(2)?,
        created_at: time(row.get(3)?)?,
        last_seen_at: time(row.get(4)?)?,
    })
}

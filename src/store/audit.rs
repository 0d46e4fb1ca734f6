//! What staff saw and changed: a log that is only added to, each row chained to the one before it by its hash.
//!
//! Whoever changes, takes out or puts in a row breaks the chain from there on; [`verify`] says where. A row is written in
//! the transaction of what it tells about. It names conversations and accounts, never what was written.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};

use super::{
    StoreError,
    rows::{all, millis, time},
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out.
    SignedOut,
    /// An account was made.
    AccountMade,
    /// An account was disabled.
    AccountDisabled,
    /// An account was given another role or password by an administrator.
    AccountChanged,
    /// A disabled account was let in again.
    AccountEnabled,
    /// A password was changed.
    PasswordChanged,
    /// A second factor was set up or taken off.
    SecondFactorChanged,
    /// A session was ended by its owner from elsewhere.
    SessionEnded,
    /// A conversation was opened.
    ConversationViewed,
    /// A patient's file was opened.
    FileViewed,
    /// The bot was switched on or off.
    BotSwitched,
    /// A message was sent.
    MessageSent,
    /// A conversation's flags were resolved without a message.
    Resolved,
    /// A note was written.
    NoteWritten,
    /// A conversation's labels were changed.
    Labelled,
    /// A conversation was given to somebody.
    Assigned,
    /// A text that staff send again and again was written, changed or forgotten.
    CannedReplyChanged,
    /// A setting was changed.
    SettingChanged,
    /// An API token was made.
    TokenMade,
    /// An API token was revoked.
    TokenRevoked,
    /// The hospital's number was paired, or its code was shown.
    PairingShown,
    /// The hospital's number was logged out.
    LoggedOutOfWhatsapp,
    /// A file of the knowledge folder was written.
    FileSaved,
    /// A file of the knowledge folder was deleted.
    FileDeleted,
    /// An older version of a file was put back.
    FileRestored,
    /// An approved answer was made.
    ApprovedMade,
    /// An approved answer was changed.
    ApprovedChanged,
    /// An approved answer was deleted.
    ApprovedDeleted,
    /// A fixed reply was changed.
    ReplyChanged,
    /// The red flags' rules were changed.
    RedFlagsChanged,
    /// Questions that found nothing were put aside.
    GapsIgnored,
}

impl Action {
    /// The word that the database uses; it is part of what is hashed and never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::AccountMade => "account_made",
            Self::AccountDisabled => "account_disabled",
            Self::AccountChanged => "account_changed",
            Self::AccountEnabled => "account_enabled",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::SessionEnded => "session_ended",
            Self::ConversationViewed => "conversation_viewed",
            Self::FileViewed => "file_viewed",
            Self::BotSwitched => "bot_switched",
            Self::MessageSent => "message_sent",
            Self::Resolved => "resolved",
            Self::NoteWritten => "note_written",
            Self::Labelled => "labelled",
            Self::Assigned => "assigned",
            Self::CannedReplyChanged => "canned_reply_changed",
            Self::SettingChanged => "setting_changed",
            Self::TokenMade => "token_made",
            Self::TokenRevoked => "token_revoked",
            Self::PairingShown => "pairing_shown",
            Self::LoggedOutOfWhatsapp => "logged_out_of_whatsapp",
            Self::FileSaved => "file_saved",
            Self::FileDeleted => "file_deleted",
            Self::FileRestored => "file_restored",
            Self::ApprovedMade => "approved_made",
            Self::ApprovedChanged => "approved_changed",
            Self::ApprovedDeleted => "approved_deleted",
            Self::ReplyChanged => "reply_changed",
            Self::RedFlagsChanged => "red_flags_changed",
            Self::GapsIgnored => "gaps_ignored",
        }
    }
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its row.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: an account's name, or the program's.
    pub actor: String,
    /// What, one of [`Action`]'s words.
    pub action: String,
    /// To what: `conversation 42`, `account sari`; may be empty.
    pub subject: String,
    /// More of it; may be empty.
    pub detail: String,
}

/// Adds a row.
pub fn add(
    tx: &Transaction<'_>,
    actor: &str,
    action: Action,
    subject: &str,
    detail: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let last = tx
        .prepare_cached("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?;
    let (last, before) = last.unwrap_or((0, [0; 32]));
    let entry = Entry {
        id: last + 1,
        at,
        actor: actor.to_owned(),
        action: action.as_str().to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    };
    tx.prepare_cached(
        "INSERT INTO audit (id, at, actor, action, subject, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![entry.id, millis(at), actor, entry.action, subject, detail, chained(&before, &entry)])?;
    Ok(())
}

/// Whether somebody did this to that since a time.
pub fn did_since(
    tx: &Transaction<'_>,
    actor: &str,
    action: Action,
    subject: &str,
    since: Timestamp,
) -> Result<bool, StoreError> {
    // The newest rows are looked at alone: an index would cost every row that is added.
    let sql = "SELECT EXISTS (SELECT 1 FROM (SELECT * FROM audit ORDER BY id DESC LIMIT 200)
                              WHERE actor = ?1 AND action = ?2 AND subject = ?3 AND at >= ?4)";
    Ok(tx
        .prepare_cached(sql)?
        .query_row(params![actor, action.as_str(), subject, millis(since)], |row| row.get(0))?)
}

/// A page of the log, the newest first, of those before `before`.
pub fn page(tx: &Transaction<'_>, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let sql =
        "SELECT id, at, actor, action, subject, detail FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    all(tx, sql, params![before.unwrap_or(i64::MAX), limit], entry)
}

/// The first row that does not fit the chain; `None` when the whole log is as it was written.
pub fn verify(tx: &Transaction<'_>) -> Result<Option<i64>, StoreError> {
    let mut statement =
        tx.prepare("SELECT id, at, actor, action, subject, detail, hash FROM audit ORDER BY id")?;
    let mut rows = statement.query([])?;
    let (mut expected, mut before) = (1, [0; 32]);
    while let Some(row) = rows.next()? {
        let entry = entry(row)?;
        let hash: [u8; 32] = row.get(6)?;
        if entry.id != expected || hash != chained(&before, &entry) {
            return Ok(Some(expected));
        }
        (expected, before) = (expected + 1, hash);
    }
    Ok(None)
}

/// Lengths go before the texts, so that no two rows are spelled alike.
fn chained(before: &[u8; 32], entry: &Entry) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(entry.id.to_le_bytes());
    hash.update(millis(entry.at).to_le_bytes());
    for text in [&entry.actor, &entry.action, &entry.subject, &entry.detail] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

fn entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    Ok(Entry {
        id: row.get(0)?,
        at: time(row.get(1)?)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_changed_a_missing_and_a_slipped_in_row_break_the_chain() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("satubumi.db");
        let store = Store::open(&path)?;
        for number in 1..=5 {
            let subject = format!("conversation {number}");
            store.write_blocking(|tx| {
                add(tx, "sari", Action::ConversationViewed, &subject, "", Timestamp::now())
            })?;
        }
        assert_eq!(store.read_blocking(verify)?, None);
        assert!(store.write_blocking(|tx| Ok(tx.execute("UPDATE audit SET actor = 'budi'", [])?)).is_err());
        assert!(store.write_blocking(|tx| Ok(tx.execute("DELETE FROM audit", [])?)).is_err());
        drop(store);

        // Whoever has the file can take the triggers away.
        for (id, harm) in [
            (3, "UPDATE audit SET actor = 'budi' WHERE id = 3"),
            (2, "DELETE FROM audit WHERE id = 2"),
            (1, "UPDATE audit SET id = id + 1 WHERE id = 5; DELETE FROM audit WHERE id = 1"),
        ] {
            let copy = folder.path().join(format!("harmed-{id}.db"));
            rusqlite::Connection::open(&path)?.execute("VACUUM INTO ?1", [copy.to_str()])?;
            let raw = rusqlite::Connection::open(&copy)?;
            raw.execute_batch("DROP TRIGGER audit_stays; DROP TRIGGER audit_keeps")?;
            raw.execute_batch(harm)?;
            drop(raw);
            assert_eq!(Store::open(&copy)?.read_blocking(verify)?, Some(id), "{harm}");
        }
        Ok(())
    }
}

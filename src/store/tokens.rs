//! Bearer tokens for the API: 256 random bits, of which only the SHA-256 is stored.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use rand::{TryRngCore, rngs::OsRng};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    StoreError,
    rows::{all, millis, one, time, time_or_none},
};

/// What every token starts with, so that a leaked one is recognised by scanners.
const PREFIX: &str = "sbm_";
/// Characters that a token's name may have.
pub const MAX_NAME_CHARS: usize = 64;
/// How exact `last_used_at` is: a write per request would buy nothing.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Put patients' questions: `POST /ask`.
    Ask,
    /// Read conversations, write to patients, switch the bot on and off: `/admin/…`.
    Admin,
    /// Read the counters: `GET /metrics`.
    Metrics,
    /// Pair the hospital's number with a phone and end the pairing: whoever may, can take the account over.
    Whatsapp,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Ask, Self::Admin, Self::Metrics, Self::Whatsapp];

    /// The word that the database, the API and the command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Admin => "admin",
            Self::Metrics => "metrics",
            Self::Whatsapp => "whatsapp",
        }
    }
}

/// A token as its owner keeps it; shown once, never stored. Its `Debug` shows nothing.
pub struct Secret(String);

impl Secret {
    /// A new one from the system's randomness.
    ///
    /// # Errors
    /// [`StoreError::Randomness`] when the system has none to give.
    pub fn generate() -> Result<Self, StoreError> {
        let mut bytes = [0_u8; 32];
        OsRng.try_fill_bytes(&mut bytes).map_err(|_| StoreError::Randomness)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The token's text, to be printed once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is stored of a token. Looking up by the hash of 256 random bits tells a guesser nothing by its timing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a presented token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// A token as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its row.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, exact to a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiToken {
    /// Whether its use at `now` is worth noting.
    pub fn use_is_news(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now.duration_since(last) >= USE_NOTED_EVERY)
    }
}

const COLUMNS: &str = "id, name, scopes, created_at, last_used_at, revoked_at";

/// Whether a token may have this name: 1 to 64 characters without spaces.
pub fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.chars().count())
        && !name.chars().any(|sign| sign.is_control() || sign.is_whitespace())
}

/// Stores a token. Gives `false` when a live token has that name.
pub fn add(
    tx: &Transaction<'_>,
    name: &str,
    hash: TokenHash,
    scopes: &[Scope],
    at: Timestamp,
) -> Result<bool, StoreError> {
    let scopes = serde_json::to_string(scopes)
        .map_err(|_| StoreError::Unknown { what: "scopes that are no JSON".to_owned() })?;
    let added = tx.execute(
        "INSERT INTO api_tokens (name, hash, scopes, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING",
        params![name, hash.0, scopes, millis(at)],
    )?;
    Ok(added > 0)
}

/// The live token with this hash.
pub fn find(tx: &Transaction<'_>, hash: TokenHash) -> Result<Option<ApiToken>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE hash = ?1 AND revoked_at IS NULL");
    one(tx, &sql, [hash.0], token)
}

/// Whether a token has not been revoked.
pub fn is_live(tx: &Transaction<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM api_tokens WHERE id = ?1 AND revoked_at IS NULL)")?
        .query_row([id], |row| row.get(0))?)
}

/// Notes that a token was used.
pub fn note_use(tx: &Transaction<'_>, id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE api_tokens SET last_used_at = ?2 WHERE id = ?1")?
        .execute(params![id, millis(at)])?;
    Ok(())
}

/// Every token, the revoked ones too, oldest first.
pub fn list(tx: &Transaction<'_>) -> Result<Vec<ApiToken>, StoreError> {
    all(tx, &format!("SELECT {COLUMNS} FROM api_tokens ORDER BY id"), [], token)
}

/// Revokes the live token of that name. Gives whether there was one.
pub fn revoke(tx: &Transaction<'_>, name: &str, at: Timestamp) -> Result<bool, StoreError> {
    let revoked = tx.execute(
        "UPDATE api_tokens SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL",
        params![name, millis(at)],
    )?;
    Ok(revoked > 0)
}

fn token(row: &Row<'_>) -> Result<ApiToken, StoreError> {
    let scopes: String = row.get(2)?;
    Ok(ApiToken {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: serde_json::from_str(&scopes)
            .map_err(|_| StoreError::Unknown { what: format!("the scopes {scopes}") })?,
        created_at: time(row.get(3)?)?,
        last_used_at: time_or_none(row.get(4)?)?,
        revoked_at: time_or_none(row.get(5)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_hides_itself() -> anyhow::Result<()> {
        let secret = Secret::generate()?;
        let bits = secret.reveal().strip_prefix(PREFIX).map(|rest| URL_SAFE_NO_PAD.decode(rest));
        assert_eq!(bits.transpose()?.map(|bytes| bytes.len()), Some(32));
        assert_ne!(secret.reveal(), Secret::generate()?.reveal());
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        Ok(())
    }
}

//! Staff accounts and their passwords (Argon2id; the crate's defaults are OWASP's: 19 MiB, 2 passes, 1 lane).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    rows::{all, millis, one, time, time_or_none, word},
};
use crate::domain::StaffId;

/// What a member of staff may do on the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, the WhatsApp connection and other accounts included.
    Administrator,
    /// Reads conversations and answers patients.
    Agent,
    /// Reads only.
    Viewer,
}

impl Role {
    /// The word that the database and the command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAccount {
    /// Its row.
    pub id: StaffId,
    /// The name to log in with; upper and lower case are the same.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
}

/// A password's hash, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password with a new salt. Takes tens of milliseconds and 19 MiB: call it off the async threads.
    ///
    /// # Errors
    /// [`StoreError::Randomness`] when the system gives no salt.
    pub fn of(password: &str) -> Result<Self, StoreError> {
        let hash: phc::PasswordHash =
            Argon2::default().hash_password(password.as_bytes()).map_err(|_| StoreError::Randomness)?;
        Ok(Self(hash.to_string()))
    }

    /// Whether this is the password. As slow as [`PasswordHash::of`].
    pub fn verify(&self, password: &str) -> bool {
        phc::PasswordHash::new(&self.0)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

const COLUMNS: &str = "id, name, role, created_at, disabled_at";

/// Adds an account. Gives `false` when the name is taken, by a disabled account too: its past acts keep their name.
pub fn add(
    tx: &Transaction<'_>,
    name: &str,
    role: Role,
    password: &PasswordHash,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let added = tx.execute(
        "INSERT INTO staff (name, role, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO NOTHING",
        params![name, role.as_str(), password.0, millis(at)],
    )?;
    Ok(added > 0)
}

/// An account that may log in, with its password's hash.
pub fn find(tx: &Transaction<'_>, name: &str) -> Result<Option<(StaffAccount, PasswordHash)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM staff WHERE name = ?1 AND disabled_at IS NULL");
    one(tx, &sql, [name], |row| Ok((account(row)?, PasswordHash(row.get(5)?))))
}

/// Every account, the disabled ones too, by name.
pub fn list(tx: &Transaction<'_>) -> Result<Vec<StaffAccount>, StoreError> {
    all(tx, &format!("SELECT {COLUMNS} FROM staff ORDER BY name"), [], account)
}

/// Disables an account. Gives whether there was an enabled one of that name.
pub fn disable(tx: &Transaction<'_>, name: &str, at: Timestamp) -> Result<bool, StoreError> {
    let disabled = tx.execute(
        "UPDATE staff SET disabled_at = ?2 WHERE name = ?1 AND disabled_at IS NULL",
        params![name, millis(at)],
    )?;
    Ok(disabled > 0)
}

fn account(row: &Row<'_>) -> Result<StaffAccount, StoreError> {
    Ok(StaffAccount {
        id: StaffId(row.get(0)?),
        name: row.get(1)?,
        role: word(&row.get::<_, String>(2)?)?,
        created_at: time(row.get(3)?)?,
        disabled_at: time_or_none(row.get(4)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_only() -> anyhow::Result<()> {
        let hash = PasswordHash::of("kata sandi rahasia")?;
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hash.verify("kata sandi rahasia"));
        assert!(!hash.verify("kata sandi rahasi"));
        assert!(!PasswordHash("not a hash".to_owned()).verify(""));
        Ok(())
    }
}

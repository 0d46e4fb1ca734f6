//! Staff accounts and their passwords (Argon2id; the crate's defaults are OWASP's: 19 MiB, 2 passes, 1 lane).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    StoreError,
    rows::{all, millis, one, time, time_or_none, word},
};
use crate::domain::{Language, StaffId};

/// The shortest password that is taken (NIST SP 800-63B-4 asks for 15 without a second factor, 8 with one).
pub const MIN_PASSWORD_CHARS: usize = 12;
/// The longest: hashing an endless one would be work for nothing.
pub const MAX_PASSWORD_CHARS: usize = 256;
/// Characters that an account's name may have.
pub const MAX_NAME_CHARS: usize = 64;

/// Why an account can't be made so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccount {
    /// The name.
    #[error(
        "an account's name has 1 to {MAX_NAME_CHARS} characters, no control characters and no spaces around it"
    )]
    Name,
    /// The password is too short.
    #[error("a password has at least {MIN_PASSWORD_CHARS} characters")]
    PasswordTooShort,
    /// The password is too long.
    #[error("a password has at most {MAX_PASSWORD_CHARS} characters")]
    PasswordTooLong,
    /// The password is the name.
    #[error("the password must not be the name")]
    PasswordIsName,
}

/// What a member of staff may do on the dashboard.
///
/// In order: each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads only.
    Viewer,
    /// Reads conversations and answers patients.
    Agent,
    /// Everything, the WhatsApp connection and other accounts included.
    Administrator,
}

impl Role {
    /// Every role, the one that may most first.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Agent, Self::Viewer];

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
    /// The language of its pages; the browser's when none was chosen.
    pub language: Option<Language>,
    /// Whether a code is asked for beside the password.
    pub has_second_factor: bool,
}

/// A password's hash, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

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

    /// What a session remembers of it: a changed password ends every session that began with the old one.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// What a second factor starts from, and the last time step whose code was taken.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The shared secret.
    pub secret: Vec<u8>,
    /// A code of this step or before counts no more.
    pub step: i64,
}

/// Whether an account may have this name.
///
/// # Errors
/// [`InvalidAccount::Name`].
pub fn check_name(name: &str) -> Result<(), InvalidAccount> {
    let is_name = (1..=MAX_NAME_CHARS).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if is_name { Ok(()) } else { Err(InvalidAccount::Name) }
}

/// Whether the account of that name may have this password.
///
/// # Errors
/// [`InvalidAccount`]: too short, too long, or the name itself.
pub fn check_password(name: &str, password: &str) -> Result<(), InvalidAccount> {
    match password.chars().count() {
        ..MIN_PASSWORD_CHARS => Err(InvalidAccount::PasswordTooShort),
        MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS if password.eq_ignore_ascii_case(name) => {
            Err(InvalidAccount::PasswordIsName)
        }
        MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS => Ok(()),
        _ => Err(InvalidAccount::PasswordTooLong),
    }
}

const COLUMNS: &str = "id, name, role, created_at, disabled_at, language, totp_secret IS NOT NULL";

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
    one(tx, &sql, [name], |row| Ok((account(row)?, PasswordHash(row.get(7)?))))
}

/// [`find`] by its row.
pub fn find_by_id(
    tx: &Transaction<'_>,
    id: StaffId,
) -> Result<Option<(StaffAccount, PasswordHash)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM staff WHERE id = ?1 AND disabled_at IS NULL");
    one(tx, &sql, [id.0], |row| Ok((account(row)?, PasswordHash(row.get(7)?))))
}

/// The accounts that may answer patients, by their names.
pub fn who_answer(tx: &Transaction<'_>) -> Result<Vec<StaffAccount>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM staff WHERE role <> 'viewer' AND disabled_at IS NULL ORDER BY name");
    all(tx, &sql, [], account)
}

/// Whether any account that may log in is an administrator's.
pub fn has_administrator(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM staff WHERE role = 'administrator' AND disabled_at IS NULL)";
    Ok(tx.query_row(sql, [], |row| row.get(0))?)
}

/// Changes what an account may do.
pub fn set_role(tx: &Transaction<'_>, id: StaffId, role: Role) -> Result<(), StoreError> {
    tx.execute("UPDATE staff SET role = ?2 WHERE id = ?1", params![id.0, role.as_str()])?;
    Ok(())
}

/// Changes a password.
pub fn set_password(tx: &Transaction<'_>, id: StaffId, password: &PasswordHash) -> Result<(), StoreError> {
    tx.execute("UPDATE staff SET password_hash = ?2 WHERE id = ?1", params![id.0, password.0])?;
    Ok(())
}

/// Changes the language of an account's pages.
pub fn set_language(tx: &Transaction<'_>, id: StaffId, language: Language) -> Result<(), StoreError> {
    tx.execute("UPDATE staff SET language = ?2 WHERE id = ?1", params![id.0, language.code()])?;
    Ok(())
}

/// An account's second factor, if it has one.
pub fn second_factor(tx: &Transaction<'_>, id: StaffId) -> Result<Option<SecondFactor>, StoreError> {
    let sql = "SELECT totp_secret, totp_step FROM staff WHERE id = ?1 AND totp_secret IS NOT NULL";
    one(tx, sql, [id.0], |row| Ok(SecondFactor { secret: row.get(0)?, step: row.get(1)? }))
}

/// Sets a second factor up, or takes it off.
pub fn set_second_factor(
    tx: &Transaction<'_>,
    id: StaffId,
    factor: Option<&SecondFactor>,
) -> Result<(), StoreError> {
    let (secret, step) = factor.map_or((None, 0), |factor| (Some(factor.secret.as_slice()), factor.step));
    tx.execute(
        "UPDATE staff SET totp_secret = ?2, totp_step = ?3 WHERE id = ?1",
        params![id.0, secret, step],
    )?;
    Ok(())
}

/// Takes a code's time step, unless one as late was taken. Gives whether it was.
pub fn take_step(tx: &Transaction<'_>, id: StaffId, step: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE staff SET totp_step = ?2 WHERE id = ?1 AND totp_secret IS NOT NULL AND totp_step < ?2";
    Ok(tx.execute(sql, params![id.0, step])? > 0)
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

/// Lets a disabled account in again. Gives its name, if there was such a one.
pub fn enable(tx: &Transaction<'_>, id: StaffId) -> Result<Option<String>, StoreError> {
    let sql = "UPDATE staff SET disabled_at = NULL WHERE id = ?1 AND disabled_at IS NOT NULL RETURNING name";
    one(tx, sql, [id.0], |row| Ok(row.get(0)?))
}

fn account(row: &Row<'_>) -> Result<StaffAccount, StoreError> {
    Ok(StaffAccount {
        id: StaffId(row.get(0)?),
        name: row.get(1)?,
        role: word(&row.get::<_, String>(2)?)?,
        created_at: time(row.get(3)?)?,
        disabled_at: time_or_none(row.get(4)?)?,
        language: row.get::<_, Option<String>>(5)?.as_deref().map(word).transpose()?,
        has_second_factor: row.get(6)?,
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

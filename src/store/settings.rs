//! What administrators set on the page, each value as JSON by its name. What is not here is as the configuration says.

use rusqlite::{Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    StoreError,
    rows::{one, unknown},
};

/// The settings of conversations. [`super::conversations::open`] reads from it whether the bot answers whoever is new.
pub const CHAT: &str = "chat";

/// What was set.
pub fn get<T: DeserializeOwned>(tx: &Transaction<'_>, name: &str) -> Result<Option<T>, StoreError> {
    one(tx, "SELECT value FROM settings WHERE name = ?1", [name], |row| {
        serde_json::from_str(&row.get::<_, String>(0)?).map_err(|_| unknown("settings"))
    })
}

/// Sets a value.
pub fn set(tx: &Transaction<'_>, name: &str, value: &impl Serialize) -> Result<(), StoreError> {
    let value = serde_json::to_string(value).map_err(|_| unknown("settings that are no JSON"))?;
    tx.execute(
        "INSERT INTO settings (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

/// Goes back to what the configuration says.
pub fn unset(tx: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM settings WHERE name = ?1", [name])?;
    Ok(())
}

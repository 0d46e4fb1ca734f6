//! One row, written to learn whether the database still takes writes.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{StoreError, rows::millis};

/// Writes the row.
pub fn beat(tx: &Transaction<'_>, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO heartbeat (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
    )?
    .execute([millis(at)])?;
    Ok(())
}

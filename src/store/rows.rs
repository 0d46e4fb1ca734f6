//! What every table's file needs: times, words of enums, and one or many rows.

use jiff::Timestamp;
use rusqlite::{Params, Row, Transaction};
use serde::de::{DeserializeOwned, value::StrDeserializer};

use super::StoreError;

/// Milliseconds since 1970, as every time is stored.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored time.
pub(super) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| unknown("a time out of range"))
}

/// A stored time that may be missing.
pub(super) fn time_or_none(millis: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    millis.map(time).transpose()
}

/// An enum's word, as serde spells it. The column's `CHECK` keeps patient text out of the error.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text))
        .map_err(|_| StoreError::Unknown { what: format!("the word {text:?}") })
}

/// A row holds what this version can't read; `what` never quotes a patient.
pub(super) fn unknown(what: &str) -> StoreError {
    StoreError::Unknown { what: what.to_owned() }
}

/// The first row, mapped.
pub(super) fn one<T>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
    map: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    tx.prepare_cached(sql)?.query_and_then(params, map)?.next().transpose()
}

/// Every row, mapped.
pub(super) fn all<T>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
    map: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    tx.prepare_cached(sql)?.query_and_then(params, map)?.collect()
}

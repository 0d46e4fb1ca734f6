//! Sums by the quarter of an hour, in UTC: what triggers (`06_figures.sql`) keep beside the messages, so that a month is
//! read in milliseconds however many messages there are. What they mean is said in the room `analytics`.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{all, millis, time, word},
};
use crate::domain::Outcome;

/// Milliseconds of a quarter of an hour. The clocks of every zone differ from UTC by whole quarters.
const QUARTER: i64 = 900_000;
/// How the sums name a message that has not ended.
const PENDING: &str = "pending";

/// Patients' messages of a quarter that ended alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When the quarter began.
    pub quarter: Timestamp,
    /// How they ended; `None` while they wait.
    pub outcome: Option<Outcome>,
    /// How many.
    pub count: u32,
}

/// Replies of the bot that took about as long, to messages of a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// When the quarter began.
    pub quarter: Timestamp,
    /// Milliseconds that each took at least; [`class_end`] says up to where.
    pub least: u32,
    /// How many.
    pub count: u32,
}

/// The first millisecond that is too long for the class of times that begins at `least`: a tenth more.
pub fn class_end(least: u32) -> u32 {
    (least + 1).max(least / 10 + least)
}

/// How the patients' messages ended that came from `from` on and before `to`. Both begin a quarter.
pub fn ended(tx: &Transaction<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Ended>, StoreError> {
    let sql = "SELECT quarter, outcome, count FROM message_figures
               WHERE quarter >= ?1 AND quarter < ?2 AND count > 0 ORDER BY quarter";
    all(tx, sql, params![quarter(from), quarter(to)], |row| {
        let outcome = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let outcome = if outcome == PENDING { None } else { Some(word(outcome)?) };
        Ok(Ended { quarter: time(row.get::<_, i64>(0)? * QUARTER)?, outcome, count: row.get(2)? })
    })
}

/// How long the bot's replies took to the messages that came from `from` on and before `to`. Both begin a quarter.
pub fn took(tx: &Transaction<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Took>, StoreError> {
    let sql = "SELECT quarter, least, count FROM time_figures
               WHERE quarter >= ?1 AND quarter < ?2 ORDER BY quarter";
    all(tx, sql, params![quarter(from), quarter(to)], |row| {
        Ok(Took { quarter: time(row.get::<_, i64>(0)? * QUARTER)?, least: row.get(1)?, count: row.get(2)? })
    })
}

/// In how many conversations the patient has written from this time on.
pub fn conversations_since(tx: &Transaction<'_>, from: Timestamp) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM conversations WHERE asked_at >= ?1";
    Ok(tx.prepare_cached(sql)?.query_row([millis(from)], |row| row.get(0))?)
}

fn quarter(at: Timestamp) -> i64 {
    millis(at).div_euclid(QUARTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// The migration's classes and ours are the same, and as narrow as is promised.
    #[test]
    fn the_middle_of_a_class_is_within_a_twentieth_of_every_time_in_it() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        let classes: Vec<u32> = store.read_blocking(|tx| {
            all(tx, "SELECT least FROM time_classes ORDER BY least", [], |row| Ok(row.get(0)?))
        })?;
        assert!(classes.len() < 200 && classes.last() >= Some(&86_400_000));
        for pair in classes.windows(2) {
            assert_eq!(class_end(pair[0]), pair[1]);
            let (least, most) = (f64::from(pair[0]), f64::from(pair[1] - 1));
            let middle = (least + most) / 2.0;
            assert!(middle - least <= 0.05 * least && most - middle <= 0.05 * most, "{pair:?}");
        }
        Ok(())
    }
}

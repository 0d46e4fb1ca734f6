//! Figures of how the hospital's patients are answered: what each means, and how it is summed up for a period.
//!
//! Nothing here goes over the messages. Triggers in the database keep sums by the quarter of an hour in the transaction
//! that writes a message ([`crate::store::figures`]), and a period is put together from those: the hospital's hours of
//! today, or its last 7 or 30 days.
//!
//! | figure | what it says |
//! | --- | --- |
//! | conversations | patients who wrote at least one message in the period |
//! | messages | what patients wrote, each counted when it came; a burst of three messages is three |
//! | by the bot | messages that it answered in its own way: from the documents, or a greeting ([`Counts::bot`]) |
//! | approved | messages answered with an approved answer |
//! | handed over | messages to which the patient was told that staff will answer, failures included |
//! | emergency | messages with a red flag |
//! | not by the bot | messages that came while the bot was off, need no reply, or still wait |
//! | response time | from the patient's message (the last of its burst) being stored to the bot's reply being stored |
//! | success | of the messages that the bot dealt with, emergencies aside, those that needed no staff ([`Counts::success`]) |

mod counts;
mod period;
mod times;

pub use counts::Counts;
pub use period::Period;
pub use times::Times;

use jiff::{Timestamp, Zoned};
use rusqlite::Transaction;

use crate::store::{StoreError, figures};

/// An hour or a day of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it begins.
    pub from: Timestamp,
    /// How its messages ended.
    pub counts: Counts,
    /// How long the replies to them took.
    pub times: Times,
}

/// A period's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Which.
    pub period: Period,
    /// Its hours, if it is one day, else its days; oldest first, up to the end of today.
    pub steps: Vec<Step>,
    /// All of them together.
    pub counts: Counts,
    /// All of them together.
    pub times: Times,
    /// Patients who wrote at least once.
    pub conversations: u32,
}

/// The figures of a period that ends with `now`'s day, on `now`'s clock.
///
/// # Errors
/// What the database says.
pub fn figures(tx: &Transaction<'_>, period: Period, now: &Zoned) -> Result<Figures, StoreError> {
    let bounds = period.bounds(now);
    let (Some(&first), Some(&last)) = (bounds.first(), bounds.last()) else {
        return Err(StoreError::Unknown { what: "a day without a beginning".to_owned() });
    };
    let step = |from: &Timestamp| Step { from: *from, counts: Counts::default(), times: Times::default() };
    let mut steps: Vec<Step> = bounds.iter().take(bounds.len() - 1).map(step).collect();
    let (mut counts, mut times) = (Counts::default(), Times::default());
    for ended in figures::ended(tx, first, last)? {
        counts.add(ended.outcome, ended.count);
        if let Some(step) = at(&mut steps, ended.quarter) {
            step.counts.add(ended.outcome, ended.count);
        }
    }
    for took in figures::took(tx, first, last)? {
        times.add(took.least, took.count);
        if let Some(step) = at(&mut steps, took.quarter) {
            step.times.add(took.least, took.count);
        }
    }
    let conversations = figures::conversations_since(tx, first)?;
    Ok(Figures { period, steps, counts, times, conversations })
}

/// The step that a time falls into.
fn at(steps: &mut [Step], time: Timestamp) -> Option<&mut Step> {
    let behind = steps.partition_point(|step| step.from <= time);
    steps.get_mut(behind.checked_sub(1)?)
}

//! When staff answer: outside these hours a hand-over says so, so that nobody waits for a reply that can't come.

use std::collections::BTreeSet;

use jiff::{
    Zoned,
    civil::{Date, Time, Weekday},
};
use serde::{Deserialize, Serialize};

/// The days as the configuration spells them, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The hours of a week in which staff answer, and the days on which they don't.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct StaffHours {
    /// As they were written.
    spans: Vec<String>,
    /// From (included) to (excluded), for each day, Monday first.
    week: [Vec<(Time, Time)>; 7],
    holidays: BTreeSet<Date>,
}

/// The hours as people write them.
#[derive(Serialize, Deserialize)]
struct Written {
    spans: Vec<String>,
    holidays: BTreeSet<Date>,
}

impl TryFrom<Written> for StaffHours {
    type Error = String;

    fn try_from(Written { spans, holidays }: Written) -> Result<Self, String> {
        Self::parse(&spans, holidays)
    }
}

impl From<StaffHours> for Written {
    fn from(StaffHours { spans, holidays, .. }: StaffHours) -> Self {
        Self { spans, holidays }
    }
}

impl StaffHours {
    /// Reads spans such as `Mon-Sat 07:00-20:00` or `Sun 08:00-12:00`. A span that ends at `24:00` ends with the day.
    /// No span at all: staff are always there.
    ///
    /// # Errors
    /// The first span that can't be read.
    pub fn parse(spans: &[String], holidays: impl IntoIterator<Item = Date>) -> Result<Self, String> {
        let holidays = holidays.into_iter().collect();
        let mut hours = Self { spans: spans.to_vec(), holidays, ..Self::default() };
        for span in spans {
            let (days, times) = read(span).ok_or_else(|| span.clone())?;
            days.for_each(|day| hours.week[day % 7].push(times));
        }
        Ok(hours)
    }

    /// The spans, as they were written.
    pub fn spans(&self) -> &[String] {
        &self.spans
    }

    /// The days on which they don't, the earliest first.
    pub fn holidays(&self) -> impl Iterator<Item = Date> {
        self.holidays.iter().copied()
    }

    /// Whether staff answer at this time of the hospital's zone.
    pub fn are_open(&self, at: &Zoned) -> bool {
        let of_day = &self.week[day_number(at.weekday())];
        let now = at.time();
        let always = self.week.iter().all(Vec::is_empty);
        always
            || (!self.holidays.contains(&at.date())
                && of_day.iter().any(|(from, to)| *from <= now && (now < *to || *to == Time::MAX)))
    }
}

fn day_number(day: Weekday) -> usize {
    day.to_monday_zero_offset().unsigned_abs().into()
}

/// Days (from one to another, past Sunday where the week goes round) and times of one span.
fn read(span: &str) -> Option<(std::ops::RangeInclusive<usize>, (Time, Time))> {
    let (days, times) = span.trim().split_once(' ')?;
    let day = |name: &str| DAYS.iter().position(|day| name.eq_ignore_ascii_case(day));
    let (first, last) = match days.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(days)?, day(days)?),
    };
    let last = if last < first { last + DAYS.len() } else { last };
    let (from, to) = times.trim().split_once('-')?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let to = if to.trim() == "24:00" { Time::MAX } else { time(to)? };
    let from = time(from)?;
    (from < to).then_some((first..=last, (from, to)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(day: i8, hour: i8, minute: i8) -> Zoned {
        // 2 November 2026 is a Monday.
        date(2026, 11, 1 + day).at(hour, minute, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap()
    }

    fn hours(spans: &[&str], holidays: &[Date]) -> Result<StaffHours, String> {
        let spans: Vec<String> = spans.iter().map(|span| (*span).to_owned()).collect();
        StaffHours::parse(&spans, holidays.iter().copied())
    }

    #[test]
    fn staff_are_there_within_their_hours_and_not_on_holidays() {
        let week = hours(&["Mon-Sat 07:00-20:00", "sun 08:00-12:00"], &[date(2026, 11, 3)]).unwrap();
        for (moment, open) in [
            (at(1, 6, 59), false),
            (at(1, 7, 0), true),
            (at(1, 19, 59), true),
            (at(1, 20, 0), false),
            (at(2, 12, 0), false),
            (at(6, 12, 0), true),
            (at(7, 8, 0), true),
            (at(7, 12, 0), false),
        ] {
            assert_eq!(week.are_open(&moment), open, "{moment}");
        }
    }

    #[test]
    fn a_span_may_go_round_the_week_and_end_with_the_day() {
        let nights = hours(&["Sat-Mon 20:00-24:00"], &[]).unwrap();
        for (day, open) in [(6, true), (7, true), (1, true), (2, false), (5, false)] {
            assert_eq!(nights.are_open(&at(day, 23, 59)), open, "{day}");
        }
        assert!(hours(&[], &[date(2026, 11, 2)]).unwrap().are_open(&at(1, 3, 0)), "unset: always");
    }

    #[test]
    fn what_is_no_span_is_named() {
        for span in
            ["", "Mon", "07:00-20:00", "Sen 07:00-20:00", "Mon 20:00-07:00", "Mon 7-20", "Mon 07:00-25:00"]
        {
            assert_eq!(hours(&[span], &[]), Err(span.to_owned()));
        }
    }
}

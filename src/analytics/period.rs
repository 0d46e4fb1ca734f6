//! The periods that figures are told for.

use jiff::{Span, Timestamp, Zoned};

/// Some days on the hospital's clock, today the last of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// Today, by the hour.
    #[default]
    Today,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Period {
    /// Every one, the shortest first.
    pub const ALL: [Self; 3] = [Self::Today, Self::Week, Self::Month];

    /// How many days it has.
    pub fn days(self) -> u8 {
        match self {
            Self::Today => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }

    /// The period of so many days.
    pub fn of_days(days: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.days() == days)
    }

    /// Where its steps begin, and last where it ends: the midnight after `now`. Days may have 23 or 25 hours.
    pub(super) fn bounds(self, now: &Zoned) -> Vec<Timestamp> {
        let midnight = |days_ahead: i64| {
            let date = now.date().checked_add(Span::new().days(days_ahead)).ok()?;
            Some(date.to_zoned(now.time_zone().clone()).ok()?.timestamp())
        };
        let before_today = i64::from(self.days()) - 1;
        if before_today > 0 {
            return (-before_today..=1).filter_map(midnight).collect();
        }
        let (Some(first), Some(last)) = (midnight(0), midnight(1)) else { return Vec::new() };
        let hours = (0..).map_while(|hour: i64| first.checked_add(Span::new().hours(hour)).ok());
        hours.take_while(|at| *at < last).chain([last]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(period: Period, now: &str) -> anyhow::Result<Vec<Timestamp>> {
        Ok(period.bounds(&now.parse::<Zoned>()?))
    }

    #[test]
    fn a_day_begins_at_the_hospitals_midnight() -> anyhow::Result<()> {
        let today = bounds(Period::Today, "2026-11-23T06:30:00+07:00[Asia/Jakarta]")?;
        assert_eq!(today.len(), 25);
        assert_eq!(today[0], "2026-11-22T17:00:00Z".parse()?);
        assert_eq!(today[24], "2026-11-23T17:00:00Z".parse()?);
        let month = bounds(Period::Month, "2026-11-23T06:30:00+07:00[Asia/Jakarta]")?;
        assert_eq!((month.len(), month[30]), (31, today[24]));
        assert_eq!(month[0], "2026-10-24T17:00:00Z".parse()?);
        Ok(())
    }

    #[test]
    fn odd_clocks_are_followed() -> anyhow::Result<()> {
        let nepal = bounds(Period::Week, "2026-11-23T12:00:00+05:45[Asia/Kathmandu]")?;
        assert_eq!(nepal[0], "2026-11-16T18:15:00Z".parse()?);
        let longer = bounds(Period::Today, "2026-10-25T12:00:00+01:00[Europe/Berlin]")?;
        assert_eq!(longer.len(), 26, "clocks went back: 25 hours");
        Ok(())
    }
}

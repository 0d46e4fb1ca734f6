//! How messages ended.

use crate::domain::Outcome;

/// Patients' messages by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The bot answered: from the documents, in its words or theirs, or a greeting or thanks.
    pub bot: u32,
    /// An approved answer was sent.
    pub approved: u32,
    /// The patient was told that staff will answer; also where something failed inside.
    pub handed_over: u32,
    /// A red flag.
    pub emergency: u32,
    /// The bot was off, nothing needed a reply, or the message still waits.
    pub not_by_bot: u32,
}

impl Counts {
    /// Adds messages that ended so; `None` where they still wait.
    pub fn add(&mut self, outcome: Option<Outcome>, count: u32) {
        let counted = match outcome {
            Some(Outcome::Answered | Outcome::Quoted | Outcome::SmallTalk) => &mut self.bot,
            Some(Outcome::Approved) => &mut self.approved,
            Some(Outcome::HandedOver | Outcome::Fallback) => &mut self.handed_over,
            Some(Outcome::Emergency) => &mut self.emergency,
            Some(Outcome::BotOff | Outcome::Noted) | None => &mut self.not_by_bot,
        };
        *counted += count;
    }

    /// What patients wrote in all.
    pub fn messages(&self) -> u32 {
        self.bot + self.approved + self.handed_over + self.emergency + self.not_by_bot
    }

    /// The share, 0 to 1, of messages answered without staff among those that the bot dealt with, emergencies aside: to
    /// raise an alarm is neither a success nor a failure. `None` where there were none.
    pub fn success(&self) -> Option<f64> {
        let answered = self.bot + self.approved;
        let dealt_with = answered + self.handed_over;
        (dealt_with > 0).then(|| f64::from(answered) / f64::from(dealt_with))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_counts_once_and_emergencies_are_neither_success_nor_failure() {
        let mut counts = Counts::default();
        assert_eq!(counts.success(), None);
        for outcome in Outcome::ALL.map(Some).into_iter().chain([None]) {
            counts.add(outcome, 10);
        }
        assert_eq!(counts.messages(), 100);
        assert_eq!(counts.success(), Some(40.0 / 60.0));
    }
}

//! How long replies took.

use std::{collections::BTreeMap, time::Duration};

use crate::store::figures::class_end;

/// Replies by how long they took, in classes of time whose middle is within 5 % of every time in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How many, by the least millisecond of their class.
    classes: BTreeMap<u32, u32>,
}

impl Times {
    /// Adds replies of the class that begins at `least` milliseconds.
    pub fn add(&mut self, least: u32, count: u32) {
        *self.classes.entry(least).or_default() += count;
    }

    /// How many replies.
    pub fn count(&self) -> u32 {
        self.classes.values().sum()
    }

    /// The time that this share (0 to 1) of the replies did not exceed, at most 5 % beside the true one; `None` without
    /// replies.
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        let rank = ((share * f64::from(self.count())).ceil() as u32).max(1);
        let mut behind = 0;
        let class = self.classes.iter().find(|(_, count)| {
            behind += **count;
            behind >= rank
        });
        let (&least, _) = class?;
        Some(Duration::from_micros((u64::from(least) + u64::from(class_end(least) - 1)) * 500))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_replies_there_is_no_time() {
        assert_eq!(Times::default().percentile(0.5), None);
    }

    fn class_of(millis: u32) -> u32 {
        let mut least = 0;
        while class_end(least) <= millis {
            least = class_end(least);
        }
        least
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_a_twentieth_of_the_exact_one(
            mut all in proptest::collection::vec(0u32..200_000, 1..300), share in 0.01f64..1.0
        ) {
            let mut times = Times::default();
            for &took in &all {
                times.add(class_of(took), 1);
            }
            all.sort_unstable();
            let rank = ((share * all.len() as f64).ceil() as usize).max(1);
            let exact = f64::from(all[rank - 1]);
            let told = times.percentile(share).map(|told| told.as_secs_f64() * 1000.0);
            prop_assert!(told.is_some_and(|told| (told - exact).abs() <= 0.05 * exact + 1e-6));
        }
    }
}

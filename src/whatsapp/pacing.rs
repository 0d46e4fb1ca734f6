//! How fast the hospital's number writes: like a person, so that WhatsApp does not take it for a machine that spams.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Characters that the bot seems to type in a second; 0 does not wait.
    pub typing_chars_per_second: u32,
    /// The longest time that it seems to type.
    pub longest_typing: Duration,
    /// Messages a minute, all patients together; 0 does not limit. Emergencies pass.
    pub most_per_minute: u32,
}

impl Default for Pace {
    /// Accounts have been banned at 3 messages a second (issues of Baileys, WAHA and Evolution API); 40 a minute is a
    /// fifth of that.
    fn default() -> Self {
        Self { typing_chars_per_second: 60, longest_typing: Duration::from_secs(4), most_per_minute: 40 }
    }
}

impl Pace {
    /// How long a person would type this.
    pub(super) fn typing(&self, text: &str) -> Duration {
        if self.typing_chars_per_second == 0 {
            return Duration::ZERO;
        }
        let seconds = text.chars().count() as f64 / f64::from(self.typing_chars_per_second);
        Duration::from_secs_f64(seconds).min(self.longest_typing)
    }
}

/// Messages a minute as a bucket of tokens: it holds a sixth of a minute's, so that a few go at once.
#[derive(Clone)]
pub(super) struct Throttle {
    pace: Pace,
    bucket: Arc<Mutex<Bucket>>,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Throttle {
    pub(super) fn new(pace: Pace) -> Self {
        let bucket = Bucket { tokens: Self::most(&pace), filled: Instant::now() };
        Self { pace, bucket: Arc::new(Mutex::new(bucket)) }
    }

    fn most(pace: &Pace) -> f64 {
        (f64::from(pace.most_per_minute) / 6.0).max(1.0)
    }

    /// Takes a token, on credit if there is none. Gives how long to wait for it.
    pub(super) fn take(&self) -> Duration {
        if self.pace.most_per_minute == 0 {
            return Duration::ZERO;
        }
        let per_second = f64::from(self.pace.most_per_minute) / 60.0;
        let mut bucket = self.bucket.lock();
        let now = Instant::now();
        let grown = (now - bucket.filled).as_secs_f64() * per_second;
        bucket.tokens = (bucket.tokens + grown).min(Self::most(&self.pace)) - 1.0;
        bucket.filled = now;
        Duration::from_secs_f64((-bucket.tokens).max(0.0) / per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_text_takes_longer_up_to_a_point() {
        let pace = Pace::default();
        assert_eq!(pace.typing(&"a".repeat(120)), Duration::from_secs(2));
        assert_eq!(pace.typing(&"a".repeat(4000)), pace.longest_typing);
        let at_once = Pace { typing_chars_per_second: 0, ..pace };
        assert_eq!(at_once.typing("halo"), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn some_go_at_once_and_the_rest_at_the_set_rate() {
        let throttle = Throttle::new(Pace { most_per_minute: 60, ..Pace::default() });
        let waits: Vec<Duration> = (0..12).map(|_| throttle.take()).collect();
        assert!(waits[..10].iter().all(Duration::is_zero), "{waits:?}");
        assert_eq!(waits[11].as_secs(), 2);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(throttle.take().is_zero());
    }
}

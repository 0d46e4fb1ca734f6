//! How many questions may wait: so many of one sender (nobody starves the others, S12), so many in all (memory stays
//! bounded).

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::incoming::PhoneNumber;

/// Why a question may not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The sender has too many waiting.
    Sender,
    /// Too many wait in all.
    Everyone,
}

/// The waiting room's door.
#[derive(Clone)]
pub(super) struct Admission {
    most: usize,
    most_of_one: usize,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    all: usize,
    of: HashMap<PhoneNumber, usize>,
}

impl Admission {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { most, most_of_one, waiting: Arc::default() }
    }

    /// Takes a place, which is free again when the value is dropped.
    pub(super) fn enter(&self, sender: &PhoneNumber) -> Result<Place, Full> {
        let mut waiting = self.waiting.lock();
        if waiting.of.get(sender).copied().unwrap_or(0) >= self.most_of_one {
            return Err(Full::Sender);
        }
        if waiting.all >= self.most {
            return Err(Full::Everyone);
        }
        waiting.all += 1;
        *waiting.of.entry(sender.clone()).or_default() += 1;
        metrics::gauge!("satubumi_questions_waiting").set(waiting.all as f64);
        Ok(Place { sender: sender.clone(), waiting: Arc::clone(&self.waiting) })
    }
}

/// One question's place.
pub(super) struct Place {
    sender: PhoneNumber,
    waiting: Arc<Mutex<Waiting>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock();
        waiting.all -= 1;
        if let Some(count) = waiting.of.get_mut(&self.sender) {
            *count -= 1;
            if *count == 0 {
                waiting.of.remove(&self.sender);
            }
        }
        metrics::gauge!("satubumi_questions_waiting").set(waiting.all as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_one_and_for_all_and_come_back() -> anyhow::Result<()> {
        let door = Admission::new(3, 2);
        let (ani, budi) = (PhoneNumber::parse("6281000000001")?, PhoneNumber::parse("6281000000002")?);
        let first = door.enter(&ani).ok();
        let second = door.enter(&ani).ok();
        assert_eq!(door.enter(&ani).err(), Some(Full::Sender));
        let third = door.enter(&budi).ok();
        assert_eq!(door.enter(&budi).err(), Some(Full::Everyone));
        assert!(first.is_some() && second.is_some() && third.is_some());
        drop((first, second, third));
        assert!(door.waiting.lock().of.is_empty());
        assert!(door.enter(&ani).is_ok());
        Ok(())
    }
}

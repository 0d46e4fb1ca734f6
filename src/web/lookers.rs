//! Who of the staff looks at which conversation now, so that no two answer the same patient unknowingly.
//!
//! It is kept in memory: after a restart every open page says again where it is.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{
    chat::Actor,
    domain::{ConversationId, StaffId},
};

/// A page says every twenty seconds that it is still open, and once a minute from a tab behind others: whoever has not been
/// heard of for this long looks no more.
const LASTS: Duration = Duration::from_secs(75);

/// Where everybody looks. One place each: the last one that they opened.
#[derive(Default)]
pub struct Lookers {
    places: Mutex<HashMap<StaffId, Place>>,
}

struct Place {
    conversation: ConversationId,
    name: String,
    heard_at: Instant,
}

/// What somebody's look has changed and shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Who else looks there, by name.
    pub(super) others: Vec<String>,
    /// Conversations that somebody has come to or left.
    pub(super) changed: Vec<ConversationId>,
}

impl Lookers {
    /// Somebody looks at a conversation.
    pub(super) fn look(&self, by: &Actor, conversation: ConversationId) -> Look {
        self.look_at(by, conversation, Instant::now())
    }

    fn look_at(&self, by: &Actor, conversation: ConversationId, now: Instant) -> Look {
        let mut places = self.places.lock();
        let mut changed = Vec::new();
        places.retain(|_, place| {
            let stays = now.duration_since(place.heard_at) < LASTS;
            if !stays {
                changed.push(place.conversation);
            }
            stays
        });
        let here = Place { conversation, name: by.name.clone(), heard_at: now };
        let before = places.insert(by.id, here).map(|place| place.conversation);
        if before != Some(conversation) {
            changed.extend(before);
            changed.push(conversation);
        }
        let there =
            places.iter().filter(|(staff, place)| **staff != by.id && place.conversation == conversation);
        let mut others: Vec<String> = there.map(|(_, place)| place.name.clone()).collect();
        others.sort_unstable();
        changed.sort_unstable();
        changed.dedup();
        Look { others, changed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_looks_is_seen_by_others_until_they_go_or_fall_silent() {
        let (lookers, start) = (Lookers::default(), Instant::now());
        let (sari, tono) =
            (Actor { id: StaffId(1), name: "sari".into() }, Actor { id: StaffId(2), name: "tono".into() });
        let (one, two) = (ConversationId(1), ConversationId(2));
        let look = |by, at, seconds| lookers.look_at(by, at, start + Duration::from_secs(seconds));
        assert_eq!(look(&sari, one, 0), Look { others: vec![], changed: vec![one] });
        assert_eq!(look(&tono, one, 1), Look { others: vec!["sari".into()], changed: vec![one] });
        assert_eq!(look(&sari, one, 2), Look { others: vec!["tono".into()], changed: vec![] });
        assert_eq!(look(&tono, two, 3), Look { others: vec![], changed: vec![one, two] });
        assert_eq!(look(&sari, one, 4), Look { others: vec![], changed: vec![] });
        assert_eq!(look(&sari, one, 60), Look { others: vec![], changed: vec![] });
        assert_eq!(look(&sari, one, 79), Look { others: vec![], changed: vec![two] }, "tono is gone");
    }
}

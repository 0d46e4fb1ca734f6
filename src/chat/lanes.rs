//! One lane a conversation: its questions are answered one after the other, those of others beside it.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::domain::ConversationId;

/// The lanes that somebody is in or waits for; an empty lane is forgotten.
#[derive(Clone, Default)]
pub(super) struct Lanes {
    open: Arc<Mutex<HashMap<ConversationId, Lane>>>,
}

#[derive(Default)]
struct Lane {
    lock: Arc<AsyncMutex<()>>,
    seats: usize,
}

impl Lanes {
    /// Enters the conversation's lane if it is empty.
    pub(super) fn try_enter(&self, conversation: ConversationId) -> Option<Turn> {
        let (seat, lock) = self.seat(conversation);
        let held = lock.try_lock_owned().ok()?;
        Some(Turn { _held: held, _seat: seat })
    }

    /// Enters the conversation's lane, first come, first served.
    pub(super) async fn enter(&self, conversation: ConversationId) -> Turn {
        let (seat, lock) = self.seat(conversation);
        let held = lock.lock_owned().await;
        Turn { _held: held, _seat: seat }
    }

    fn seat(&self, conversation: ConversationId) -> (Seat, Arc<AsyncMutex<()>>) {
        let mut open = self.open.lock();
        let lane = open.entry(conversation).or_default();
        lane.seats += 1;
        (Seat { conversation, lanes: self.clone() }, Arc::clone(&lane.lock))
    }
}

/// The right to answer in a lane, until it is dropped. The fields' order is the order of their dropping: the lock is
/// let go before the seat is.
pub(super) struct Turn {
    _held: OwnedMutexGuard<()>,
    _seat: Seat,
}

/// Being in a lane, also while waiting: the last to leave takes the lane away.
struct Seat {
    conversation: ConversationId,
    lanes: Lanes,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.lanes.open.lock();
        if let Some(lane) = open.get_mut(&self.conversation) {
            lane.seats -= 1;
            if lane.seats == 0 {
                open.remove(&self.conversation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_lane_takes_one_at_a_time_and_vanishes_when_empty() {
        let lanes = Lanes::default();
        let (first, other) = (ConversationId(1), ConversationId(2));
        let turn = lanes.enter(first).await;
        assert!(lanes.try_enter(first).is_none());
        let beside = lanes.try_enter(other);
        assert!(beside.is_some());
        let next = lanes.enter(first);
        let mut next = std::pin::pin!(next);
        assert!(next.as_mut().now_or_never().is_none());
        drop(turn);
        let turn = next.await;
        // One who gives up waiting leaves nothing behind.
        assert!(lanes.enter(first).now_or_never().is_none());
        drop((turn, beside));
        assert!(lanes.open.lock().is_empty());
    }
}

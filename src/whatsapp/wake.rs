//! Waiting for what happens in the conversations.

use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use crate::domain::Event;

/// Waits for an event that concerns the caller, or for having missed some; what has happened beside it by then is passed
/// over, since whoever looks now sees it too.
pub(super) async fn until(events: &mut Receiver<Event>, concerns: fn(&Event) -> bool) {
    while events.recv().await.is_ok_and(|event| !concerns(&event)) {}
    while !matches!(events.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
}

//! Waiting for what happens in the conversations.

use std::collections::BTreeSet;

use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use crate::domain::{ConversationId, Event};

/// In which conversations something may be due to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// It may be any.
    Anywhere,
    /// In these, and no other.
    In(BTreeSet<ConversationId>),
}

/// Waits for an event after which something may be due, and takes along what has happened beside it by then.
pub(super) async fn heard(events: &mut Receiver<Event>) -> Where {
    let mut conversations = BTreeSet::new();
    while conversations.is_empty() {
        match events.recv().await {
            Ok(event) => conversations.extend(concerned(&event)),
            Err(RecvError::Lagged(_)) => return Where::Anywhere,
            // Nothing happens any more.
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
    loop {
        match events.try_recv() {
            Ok(event) => conversations.extend(concerned(&event)),
            Err(TryRecvError::Lagged(_)) => return Where::Anywhere,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Where::In(conversations),
        }
    }
}

/// Where something may be due by what happened: said, put back, or the part after one that has come on. Which tick comes
/// first is not certain.
fn concerned(event: &Event) -> Option<ConversationId> {
    match event {
        Event::MessageSent { conversation, .. } | Event::DeliveryChanged { conversation, .. } => {
            Some(*conversation)
        }
        _ => None,
    }
}

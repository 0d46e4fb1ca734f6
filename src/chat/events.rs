//! Taking in what happens, for those who look at all of it together.

use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use crate::domain::Event;

/// Events that are taken in at one look; the next look finds the others.
const AT_ONE_LOOK: usize = 64;

/// What has happened since the last look.
#[derive(Debug)]
pub struct Happened {
    /// In their order; at most 64.
    pub events: Vec<Event>,
    /// Whether others are lost, since too many came meanwhile.
    pub missed_some: bool,
}

impl Happened {
    /// Waits for an event, and takes along what is there besides. Nothing is lost when the wait is broken off.
    pub async fn next(receiver: &mut Receiver<Event>) -> Self {
        let mut happened = Self { events: Vec::new(), missed_some: false };
        match receiver.recv().await {
            Ok(event) => happened.events.push(event),
            Err(RecvError::Lagged(_)) => happened.missed_some = true,
            // Nothing happens any more.
            Err(RecvError::Closed) => return std::future::pending().await,
        }
        while happened.events.len() < AT_ONE_LOOK {
            match receiver.try_recv() {
                Ok(event) => happened.events.push(event),
                Err(TryRecvError::Lagged(_)) => happened.missed_some = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        happened
    }
}

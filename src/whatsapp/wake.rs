//! Waiting for what happens in the conversations.

use std::collections::BTreeSet;

use tokio::sync::broadcast::Receiver;

use crate::{
    chat::Happened,
    domain::{ConversationId, Event},
};

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
    loop {
        let happened = Happened::next(events).await;
        if happened.missed_some {
            return Where::Anywhere;
        }
        let conversations: BTreeSet<_> = happened.events.iter().filter_map(concerned).collect();
        if !conversations.is_empty() {
            return Where::In(conversations);
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

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::*;
    use crate::domain::{Delivery, MessageId};

    fn ticked(conversation: i64, delivery: Delivery) -> Event {
        Event::DeliveryChanged { conversation: ConversationId(conversation), message: MessageId(1), delivery }
    }

    /// The patient's own tick may overtake WhatsApp's: the part behind is due then, too.
    #[tokio::test]
    async fn what_happened_meanwhile_is_heard_at_once_whichever_tick_it_is() {
        let (tell, mut events) = broadcast::channel(8);
        let news = Event::MessageReceived { conversation: ConversationId(9), message: MessageId(1) };
        for event in
            [news, ticked(3, Delivery::Delivered), ticked(2, Delivery::Sent), ticked(3, Delivery::Read)]
        {
            tell.send(event).unwrap();
        }
        let conversations = [ConversationId(2), ConversationId(3)].into();
        assert_eq!(heard(&mut events).await, Where::In(conversations));
    }

    #[tokio::test]
    async fn who_missed_something_looks_everywhere() {
        let (tell, mut events) = broadcast::channel(2);
        for of in 0..4 {
            tell.send(ticked(of, Delivery::Sent)).unwrap();
        }
        assert_eq!(heard(&mut events).await, Where::Anywhere);
    }
}

//! What waits for a device: stanzas are kept until the client has answered for them, across connections.

use std::collections::VecDeque;

use whatsapp_rust::{Jid, wacore_binary::Node};

use crate::stanza;

/// What a queued stanza is, and so what settles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Message,
    Receipt,
    Notification,
}

impl Class {
    fn of(stanza: &Node) -> Self {
        match stanza.tag.as_ref() {
            "message" => Self::Message,
            "receipt" => Self::Receipt,
            _ => Self::Notification,
        }
    }
}

/// The stanzas for one device, oldest first, and how far they have been sent on the present connection.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Node>,
    /// How many of them were sent on this connection; those come first.
    sent: usize,
}

impl Queue {
    pub(crate) fn push(&mut self, stanza: Node) {
        self.waiting.push_back(stanza);
    }

    /// A new connection: nothing has been sent on it.
    pub(crate) fn rewind(&mut self) {
        self.sent = 0;
    }

    /// How many were not sent yet on this connection.
    pub(crate) fn unsent(&self) -> usize {
        self.waiting.len() - self.sent
    }

    /// How many of a class the client has not answered for.
    pub(crate) fn unsettled(&self, class: Class) -> usize {
        self.waiting.iter().filter(|stanza| Class::of(stanza) == class).count()
    }

    /// The next stanzas to send, at most `most`. They stay in the queue.
    pub(crate) fn take(&mut self, most: usize) -> Vec<Node> {
        let next: Vec<Node> = self.waiting.iter().skip(self.sent).take(most).cloned().collect();
        self.sent += next.len();
        next
    }

    /// Turns the order of what was not sent yet around.
    pub(crate) fn reverse_unsent(&mut self) {
        self.waiting.make_contiguous()[self.sent..].reverse();
    }

    /// Removes the oldest stanza that the client may have answered for. Gives whether there was one.
    ///
    /// One answer settles one stanza: of a message that was delivered twice, each copy is answered for.
    pub(crate) fn settle(&mut self, class: Class, id: &str, from: &Jid) -> bool {
        let settled = self.waiting.iter().take(self.sent).position(|stanza| {
            Class::of(stanza) == class
                && stanza::text(stanza, "id").is_some_and(|its| its == id)
                && stanza::jid(stanza, "from").is_some_and(|its| is_same_user(&its, from))
        });
        if let Some(settled) = settled {
            self.waiting.remove(settled);
            self.sent -= 1;
        }
        settled.is_some()
    }
}

fn is_same_user(one: &Jid, other: &Jid) -> bool {
    one.user == other.user && one.server == other.server
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::NodeBuilder;

    use super::*;

    fn message(id: &str) -> Node {
        NodeBuilder::new("message").attr("id", id).attr("from", Jid::pn("628111")).build()
    }

    #[test]
    fn what_was_not_answered_for_comes_again() {
        let mut queue = Queue::default();
        for id in ["A", "B", "A"] {
            queue.push(message(id));
        }
        assert_eq!(queue.take(1).len(), 1);
        // Only the first A was sent.
        assert!(queue.settle(Class::Message, "A", &Jid::pn("628111")));
        assert!(!queue.settle(Class::Message, "B", &Jid::pn("628111")), "B was not sent yet");
        assert_eq!(queue.take(9).len(), 2);
        assert!(!queue.settle(Class::Message, "B", &Jid::pn("628222")), "B came from somebody else");
        assert!(!queue.settle(Class::Receipt, "B", &Jid::pn("628111")), "B is no receipt");
        queue.rewind();
        assert_eq!((queue.unsent(), queue.unsettled(Class::Message)), (2, 2));
        queue.reverse_unsent();
        assert_eq!(stanza::text(&queue.take(1)[0], "id").unwrap(), "A");
    }
}

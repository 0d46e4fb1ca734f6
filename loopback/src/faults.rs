//! Everything that can be made to go wrong for an account.

use std::time::Duration;

use whatsapp_rust::{
    NodeBuilder,
    wacore::libsignal::protocol::PreKeySignalMessage,
    wacore_binary::{Node, NodeContent},
};

use crate::{account::Account, link::Link, stanza};

/// How the server ends a session or refuses a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Another client took the session over: `<stream:error><conflict type="replaced"/>`.
    Replaced,
    /// The device was removed on the phone: `<stream:error code="401"><conflict type="device_removed"/>`.
    DeviceRemoved,
    /// The login is not known: `<failure reason="401"/>`.
    LoggedOut,
    /// The account is banned for a while: `<failure reason="402"/>`.
    Banned {
        /// Why; 101 is "sent to too many people".
        code: u32,
        /// For how many seconds.
        expire: u64,
    },
    /// The account is locked: `<failure reason="403"/>`.
    Locked,
    /// The client is too old: `<failure reason="405"/>`.
    Outdated,
    /// The service is not available: `<failure reason="503"/>`.
    Unavailable,
    /// The session is limited: `<stream:error code="429"/>`.
    RateLimited,
    /// Two sessions are in conflict: `<stream:error code="409"/>`.
    Conflict,
}

impl Failure {
    fn stanza(self) -> Node {
        let stream_error = || NodeBuilder::new("stream:error");
        let conflict = |kind: &'static str| NodeBuilder::new("conflict").attr("type", kind).build();
        let failure =
            |reason: u16| NodeBuilder::new("failure").attr("reason", reason).attr("location", "lla");
        match self {
            Self::Replaced => stream_error().children([conflict("replaced")]).build(),
            Self::DeviceRemoved => {
                stream_error().attr("code", "401").children([conflict("device_removed")]).build()
            }
            Self::LoggedOut => failure(401).build(),
            Self::Banned { code, expire } => failure(402).attr("code", code).attr("expire", expire).build(),
            Self::Locked => failure(403).build(),
            Self::Outdated => failure(405).build(),
            Self::Unavailable => failure(503).build(),
            Self::RateLimited => stream_error().attr("code", "429").build(),
            Self::Conflict => stream_error().attr("code", "409").build(),
        }
    }

    /// Sends it and closes the connection.
    pub(crate) fn strike(self, link: &Link) {
        link.send(self.stanza());
        link.close();
    }
}

/// The order in which deliveries that were held back go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were sent.
    AsSent,
    /// The last first.
    Reversed,
}

/// An account's faults that are armed.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) refusal: Option<Failure>,
    /// How many of the next messages to refuse, and with which error.
    nacks: Option<(usize, u16)>,
    duplicates: usize,
    corruptions: usize,
    pub(crate) holds_deliveries: bool,
    withholds_acks: bool,
    acks: Vec<(Link, Node)>,
}

impl Faults {
    /// The error with which the next message is to be refused.
    pub(crate) fn next_nack(&mut self) -> Option<u16> {
        let (left, code) = self.nacks.as_mut()?;
        let code = *code;
        *left -= 1;
        if *left == 0 {
            self.nacks = None;
        }
        Some(code)
    }

    /// Acknowledges a message, or keeps the acknowledgement back.
    pub(crate) fn acknowledge(&mut self, link: &Link, ack: Node) {
        if self.withholds_acks {
            self.acks.push((link.clone(), ack));
        } else {
            link.send(ack);
        }
    }

    /// The stanzas to put in the queue in place of a message.
    pub(crate) fn distort(&mut self, mut message: Node) -> Vec<Node> {
        if let Some(left) = self.corruptions.checked_sub(1) {
            self.corruptions = left;
            garble(&mut message);
        }
        match self.duplicates.checked_sub(1) {
            Some(left) => {
                self.duplicates = left;
                vec![message.clone(), message]
            }
            None => vec![message],
        }
    }
}

/// Flips a byte in the MAC or signature of every ciphertext in a message.
pub(crate) fn garble(message: &mut Node) {
    let Some(NodeContent::Nodes(children)) = &mut message.content else { return };
    for child in children.iter_mut().filter(|child| child.tag == "enc") {
        let first = stanza::text(child, "type").is_some_and(|kind| kind == "pkmsg");
        if let Some(NodeContent::Bytes(bytes)) = &mut child.content {
            let end = if first { end_of_inner(bytes) } else { Some(bytes.len()) };
            if let Some(byte) = end.and_then(|end| bytes.get_mut(end - 1)) {
                *byte ^= 0x55;
            }
        }
    }
}

/// Where the message inside a session's first message ends.
fn end_of_inner(bytes: &[u8]) -> Option<usize> {
    let first = PreKeySignalMessage::try_from(bytes).ok()?;
    let inner = first.message().serialized();
    let start = bytes.windows(inner.len()).position(|window| window == inner)?;
    Some(start + inner.len())
}

/// What can be made to go wrong.
impl Account {
    /// Drops the connections of the linked devices, as a lost network does.
    pub fn drop_connections(&self) {
        self.with(|account| account.links().iter().for_each(Link::cut));
    }

    /// Answers nothing for `duration`: connections stay open, new ones get as far as the handshake.
    pub fn stall(&self, duration: Duration) {
        self.with(|account| {
            account.stalled_until = Some(tokio::time::Instant::now() + duration);
            account.links().iter().for_each(|link| link.stall(duration));
        });
    }

    /// Refuses the next `count` messages of the linked devices with an error such as 463; nobody gets them.
    pub fn nack_next(&self, count: usize, error: u16) {
        self.with(|account| account.faults.nacks = (count > 0).then_some((count, error)));
    }

    /// Keeps acknowledgements of messages back, or sends those that were kept. The messages arrive all the same.
    pub fn withhold_acks(&self, withhold: bool) {
        let kept = self.with(|account| {
            account.faults.withholds_acks = withhold;
            if withhold { Vec::new() } else { std::mem::take(&mut account.faults.acks) }
        });
        for (link, ack) in kept {
            link.send(ack);
        }
    }

    /// Delivers the next `count` messages twice, byte for byte.
    pub fn duplicate_next(&self, count: usize) {
        self.with(|account| account.faults.duplicates = count);
    }

    /// Flips a byte in the ciphertext of the next `count` messages to linked devices.
    pub fn corrupt_next(&self, count: usize) {
        self.with(|account| account.faults.corruptions = count);
    }

    /// Keeps messages and receipts to the linked devices back until [`Account::release_deliveries`].
    pub fn hold_deliveries(&self) {
        self.with(|account| account.faults.holds_deliveries = true);
    }

    /// Sends what was kept back, in this order.
    pub fn release_deliveries(&self, order: Order) {
        self.with(|account| {
            account.faults.holds_deliveries = false;
            for device in account.devices.values_mut() {
                if order == Order::Reversed {
                    device.queue.reverse_unsent();
                }
                device.flush();
            }
        });
    }

    /// Ends the sessions of the linked devices with a failure. Logins go on.
    pub fn fail(&self, failure: Failure) {
        self.with(|account| account.links().iter().for_each(|link| failure.strike(link)));
    }

    /// Refuses logins with a failure until [`Account::accept_logins`].
    pub fn refuse_logins(&self, failure: Failure) {
        self.with(|account| account.faults.refusal = Some(failure));
    }

    /// Accepts logins again.
    pub fn accept_logins(&self) {
        self.with(|account| account.faults.refusal = None);
    }

    /// Another client took the session over. Logins go on.
    pub fn stream_error_replaced(&self) {
        self.fail(Failure::Replaced);
    }

    /// Two sessions are in conflict. Logins go on.
    pub fn conflict(&self) {
        self.fail(Failure::Conflict);
    }

    /// The service goes away; the next login works.
    pub fn unavailable(&self) {
        self.fail(Failure::Unavailable);
    }

    /// The session is limited; the next login works.
    pub fn rate_limited(&self) {
        self.fail(Failure::RateLimited);
    }

    /// The account is banned for `expire_secs` seconds, `code` saying why (101: sent to too many people). Logins
    /// are refused until [`Account::accept_logins`].
    pub fn banned(&self, code: u32, expire_secs: u64) {
        self.fail_for_good(Failure::Banned { code, expire: expire_secs });
    }

    /// The account is locked. Logins are refused until [`Account::accept_logins`].
    pub fn locked(&self) {
        self.fail_for_good(Failure::Locked);
    }

    /// The client is too old. Logins are refused until [`Account::accept_logins`].
    pub fn outdated(&self) {
        self.fail_for_good(Failure::Outdated);
    }

    /// The phone removed all linked devices: their sessions end, and they can't log in any more.
    pub fn device_removed(&self) {
        self.unpair();
    }

    fn fail_for_good(&self, failure: Failure) {
        self.refuse_logins(failure);
        self.fail(failure);
    }
}

//! What the server received from the linked devices of an account.

use std::time::Instant;

use whatsapp_rust::Jid;

/// Something that a linked device sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A message. What it says only its receiver knows.
    Message {
        /// The message's id.
        id: String,
        /// The chat; the account's own address for what the device asks of the phone.
        to: Jid,
        /// The stanza's type: `text`, `media`, `reaction` and so on.
        kind: String,
        /// Whether it is a copy for one device that could not read the first.
        resent: bool,
        /// The error with which the server refused it, if it was told to.
        refused: Option<u16>,
    },
    /// A receipt.
    Receipt {
        /// The messages' ids.
        ids: Vec<String>,
        /// `delivery`, `inactive`, `read`, `played`, `retry`, `sender` and so on.
        kind: String,
        /// Whose messages they are.
        to: Jid,
    },
    /// A chat state.
    ChatState {
        /// The chat.
        to: Jid,
        /// The state.
        state: ChatState,
    },
    /// A presence.
    Presence {
        /// Whether the device says it is available.
        available: bool,
    },
    /// The rejection of a call.
    CallRejected {
        /// The call's id.
        id: String,
        /// Who calls.
        to: Jid,
    },
    /// An acknowledgement.
    Ack {
        /// The acknowledged stanza's id.
        id: String,
        /// `message`, `receipt`, `call` or `notification`.
        class: String,
        /// The error, if the device refused the stanza.
        error: Option<String>,
    },
}

/// What someone is doing in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatState {
    /// They type.
    Composing,
    /// They record a voice note.
    Recording,
    /// They stopped.
    Paused,
}

/// What was seen, when, and from which device.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// When the server read it.
    pub at: Instant,
    /// The linked device that sent it.
    pub device: u16,
    /// What it was.
    pub what: Seen,
}

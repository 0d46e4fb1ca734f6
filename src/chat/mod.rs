//! Conversations. Every write to one goes through [`ChatService`], whoever makes it: the API, staff, later WhatsApp.
//!
//! A patient's message takes one way: [`Incoming::parse`] checks it, [`ChatService::receive`] stores it, and
//! [`ChatService::answer`] takes the conversation's lane, asks the assistant about every message that waits there,
//! oldest first, and writes answer, flags, counters and the change of handling in one transaction. The table is the
//! queue: a stored message without an outcome waits, and [`ChatService::resume`] picks it up after a start. So every
//! message is answered, or counted as unanswered, or still waits, whatever moment the process dies (R1), and a second
//! request with the same id finds the first one's answer (R2).
//!
//! Three rules shape the rest. A message that holds a red flag jumps every queue and every limit. The right to speak
//! is checked again in the transaction that would speak, so staff silence the bot in the middle of an answer. Work on
//! a message is a task of the process, not of the request: a caller who hangs up changes nothing.

mod admission;
mod answering;
mod bursts;
mod delivery;
mod desk;
mod error;
mod events;
mod incoming;
mod lanes;
mod marks;
mod media;
mod outgoing;
mod service;
mod settings;
mod speaking;
mod staff;
mod trial;
mod whatsapp;

pub use crate::assistant::StaffHours;
pub use answering::{Received, Reply};
pub use bursts::Quiet;
pub use delivery::{Refused, Sendable};
pub use desk::{Actor, DeskPage, ListQuery, Listed, Looked, Opened};
pub use error::ChatError;
pub use events::Happened;
pub use incoming::{
    Incoming, Invalid, MAX_ID_CHARS, MAX_NAME_CHARS, MAX_TEXT_CHARS, MessageText, PhoneNumber,
};
pub use marks::{MAX_SHORT_NAME_CHARS, ShortName};
pub use service::{ChatOptions, ChatService, Limit};
pub use settings::Settings;
pub use staff::{ChatRef, ConversationDetail, SignAs};
pub use whatsapp::{Change, Inbox, ON_PHONE, Stored, WhatsappContact, WhatsappMessage};

//! WhatsApp: the hospital's number answers, and no message is lost or answered twice.
//!
//! One client (`whatsapp-rust`) lives in the process, on a session of its own (`data/whatsapp.db`). `supervisor` keeps it
//! alive and decides what follows its end; [`Connection`] says how it stands, in words for staff.
//!
//! # In
//! The client calls `inbound` with what it has decrypted and tells WhatsApp to forget it only when the database has it.
//! `address` says whose it is: a patient is one conversation, by number or LID; groups, status, channels and machines are
//! nobody. `kinds` says what it is. From there on it is [`crate::chat`]'s: a burst waits until the patient is quiet and
//! gets one reply.
//!
//! # Out
//! Replies lie in the database with the ids they will have. `outbox` sends what is due, like a person (`pacing`), and
//! `events` moves the ticks.

mod address;
mod error;
mod events;
mod gateway;
mod http;
mod inbound;
mod kinds;
mod media;
mod options;
mod outbox;
mod pacing;
mod session;
mod session_store;
mod state;
mod supervisor;
pub mod verification;
mod wake;

pub use error::WhatsappError;
pub use gateway::{Gateway, PairCode, QrCode};
pub use options::Options;
pub use pacing::Pace;
pub use state::Connection;

//! A WhatsApp server on the loopback interface. The real client, unmodified, logs in to it, gets patients' messages and
//! answers them; tests and the terminal demo play the patients, the account's phone, and everything that can go wrong.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! let server = whatsapp_loopback::Server::start().await?;
//! let hospital = server.account("62315550100", "RSH Satu Bumi")?;
//! hospital.seed_sqlite("whatsapp.db").await?;
//! // … start a client on whatsapp.db that connects to server.url() …
//! hospital.wait_connected(Duration::from_secs(10)).await?;
//! let patient = server.patient("6281200000001", "Sari")?;
//! let id = patient.send_text("Poli anak buka jam berapa?").await?;
//! let answer = patient.inbox().wait_for(|_| true, Duration::from_secs(10)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is in it
//!
//! | file | what is in it |
//! | --- | --- |
//! | `server`, `listener`, `connection`, `prompt`, `frames`, `noise`, `link` | the port, and a connection from its first byte on |
//! | `stanza`, `dispatch` | stanzas, and who handles which |
//! | `login`, `queue` | logging in; what waits for a device until it has confirmed it |
//! | `pairing`, `pair_code`, `identity`, `seed` | linking a client: by QR code, by code, or as if it had been |
//! | `account`, `phone`, `user`, `seen` | an account, its phone, and what its devices sent |
//! | `keys`, `prekeys`, `usync` | public keys and device lists |
//! | `relay`, `receipts` | from the devices to whom it is for |
//! | `patient`, `outgoing`, `kinds`, `calls` | patients, and what they send |
//! | `signal`, `seal` | the Signal protocol on the side of patients and phones |
//! | `media`, `cdn`, `http` | media, and plain HTTP for them |
//! | `faults` | what can be made to go wrong |
//!
//! Everything is in memory and lasts as long as the [`Server`]; its key is new with each, so a client's store goes with
//! one server.
//!
//! # What it does not do
//!
//! It signs no certificate chain: only WhatsApp can. A client that logs in for the second time, or whose store was
//! seeded, does not check the chain; one that pairs does, and works with this server only when it is built with
//! `danger-skip-cert-chain-verify`. It knows no groups, channels or app state, and calls only ring; messages of groups and
//! statuses can be sent to the devices all the same.

#![warn(clippy::print_stdout, clippy::print_stderr)]

mod account;
mod calls;
mod cdn;
mod connection;
mod dispatch;
mod error;
mod faults;
mod frames;
mod http;
mod identity;
mod keys;
mod kinds;
mod link;
mod listener;
mod log;
mod login;
mod media;
mod noise;
mod outgoing;
mod pair_code;
mod pairing;
mod patient;
mod phone;
mod prekeys;
mod prompt;
mod queue;
mod receipts;
mod relay;
mod seal;
mod seed;
mod seen;
mod server;
mod signal;
mod stanza;
mod tasks;
mod user;
mod usync;

pub use account::Account;
pub use error::{Error, Result};
pub use faults::{Failure, Order};
pub use http::LoopbackHttp;
pub use log::Log;
pub use media::{Media, Upload};
pub use outgoing::{Outgoing, Place};
pub use patient::{Patient, PatientEvent, Received, Tick};
pub use seen::{ChatState, Seen, Sighting};
pub use server::Server;
pub use user::Addressing;

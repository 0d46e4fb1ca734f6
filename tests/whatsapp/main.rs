//! The real client against a WhatsApp server on the loopback: what patients write is answered, over the real protocol.

#[path = "../support/chat.rs"]
#[expect(dead_code, reason = "shared with other tests; each uses a part of it")]
mod support;

#[path = "../support/hospital.rs"]
#[expect(dead_code, reason = "shared with other tests; each uses a part of it")]
mod installed;

mod connected;
mod connection;
mod crowd;
mod files;
mod hospital;
mod killed;
mod live;
mod messages;
mod models;
mod oracle;
mod routes;
mod secrecy;
mod soak;
mod storage;

//! The real client against a WhatsApp server on the loopback: what patients write is answered, over the real protocol.

#[path = "../support/chat.rs"]
mod support;

mod connection;
mod hospital;
mod messages;

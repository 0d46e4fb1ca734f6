//! The HTTP surface: the real router on real database files.

#[path = "../support/chat.rs"]
mod chat_support;
#[path = "../support/api.rs"]
mod support;

mod access;
mod asking;
mod home;
mod knowledge;
mod operations;
mod refusals;
mod secrecy;
mod sessions;
mod staff;

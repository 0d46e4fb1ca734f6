//! The chat service on real database files: once, in order, counted, found again.

#[path = "../support/chat.rs"]
mod support;

mod bursts;
mod counters;
mod figures;
mod lists;
mod once;
mod order;

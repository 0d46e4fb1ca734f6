//! The chat service on real database files: once, in order, counted, found again.

#[path = "../support/chat.rs"]
#[expect(dead_code, reason = "shared with tests that use more of it")]
mod support;

mod bursts;
mod counters;
mod figures;
mod lists;
mod marks;
mod once;
mod order;

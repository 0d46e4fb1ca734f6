//! The decoder against other implementations, against itself, and on a real model.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod reference;
mod sequence;
mod text;
mod tiny;

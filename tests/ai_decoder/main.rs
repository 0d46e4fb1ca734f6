//! The decoder against other implementations, against itself, and on a real model.

mod conversation;
mod reference;
mod sequence;
mod tiny;

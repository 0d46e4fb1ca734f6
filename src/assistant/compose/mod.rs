//! From passages to a text: quote their own sentences, or let the generator write.

pub mod quote;
pub mod write;

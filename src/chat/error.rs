//! What can go wrong in a conversation. No message holds a patient's words or number.

use super::incoming::Invalid;
use crate::store::StoreError;

/// Why the chat service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// What came in is not valid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such conversation.
    #[error("there is no such conversation")]
    NotFound,
    /// This sender has too many messages waiting.
    #[error("this sender has too many messages waiting for an answer; wait for them")]
    TooManyOfOneSender,
    /// Too many messages wait in all.
    #[error("too many messages are waiting for an answer; try again shortly")]
    TooMany,
    /// The models are still loading; nothing was stored.
    #[error("the assistant is still starting; try again shortly")]
    Starting,
    /// The process is stopping; the message is stored and will be answered after the start.
    #[error("the server is stopping; a stored message is answered after its start")]
    Stopping,
    /// The work on this message broke off; it is stored and will be answered when asked again.
    #[error("the work on this message broke off; send it again with the same message id")]
    BrokenOff,
    /// The patient wrote STOP, and only the patient may take that back.
    #[error("the patient wrote STOP; only MULAI or START from the patient switches the bot on again")]
    StoppedByPatient,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

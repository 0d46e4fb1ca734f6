//! What can go wrong between us and WhatsApp. No message holds a number, a key or a patient's words.

use crate::chat::ChatError;

/// Why the gateway did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WhatsappError {
    /// It is switched off.
    #[error("WhatsApp is switched off (whatsapp.enabled)")]
    Off,
    /// A phone is paired already.
    #[error("a phone is paired already; log out first")]
    AlreadyPaired,
    /// No phone is paired.
    #[error("no phone is paired")]
    NotPaired,
    /// No code came in time.
    #[error("WhatsApp gave no code in time; check the internet connection and try again")]
    NoCode,
    /// WhatsApp refused to give a pair code.
    #[error("WhatsApp gave no pair code ({0}); use the QR code")]
    CodeRefused(String),
    /// The session's file failed.
    #[error("the WhatsApp session cannot be opened: {0}")]
    Session(String),
    /// The client could not be made.
    #[error("the WhatsApp client cannot be made: {0}")]
    Client(String),
    /// The client was built for tests: it would believe any server.
    #[error("this build does not verify WhatsApp's certificates and talks to servers on this machine only")]
    Unverified,
    /// The server's address is no loopback address.
    #[error("whatsapp.server_url must be ws:// on this machine (127.0.0.1 or localhost)")]
    NotLoopback,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
    /// The conversation refused.
    #[error(transparent)]
    Chat(#[from] ChatError),
}

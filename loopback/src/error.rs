//! What can go wrong, for whoever plays the phone or a patient.

use std::time::Duration;

use whatsapp_rust::wacore::libsignal::protocol::{CurveError, SignalProtocolError};

/// An error of the loopback server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was waited for did not come in time.
    #[error("waited {0:?} in vain")]
    TimedOut(Duration),
    /// The text is no QR code of a client.
    #[error("that is no pairing QR code: {0}")]
    NoQrCode(String),
    /// The QR code's ref was never given out, was used, or its client has gone.
    #[error("the QR code's ref is unknown or spent")]
    UnknownRef,
    /// The QR code shows other keys than its client registered with.
    #[error("the QR code's keys are not those of the client that shows it")]
    WrongKeys,
    /// No client asked for a pair code for this account.
    #[error("no client waits for a code for this account")]
    NoCodePending,
    /// The code that was typed is not the one that the client shows.
    #[error("the key bundle can't be opened: the code is wrong")]
    CannotOpenBundle,
    /// The client refused the pairing.
    #[error("the client refused the pairing: {code} {text}")]
    PairingRefused {
        /// The client's error code.
        code: u16,
        /// The client's error text.
        text: String,
    },
    /// The client's connection ended in the middle of a pairing.
    #[error("the client went away")]
    ClientGone,
    /// Nobody is there to write to: the account has no linked device.
    #[error("the account has no linked device")]
    NoCompanion,
    /// The server has no account that a patient could write to.
    #[error("the server has no account")]
    NoAccount,
    /// The number belongs to somebody else.
    #[error("that number is taken by another kind of user")]
    NumberTaken,
    /// No message with this id was sent or received.
    #[error("there is no message {0}")]
    UnknownMessage(String),
    /// The Signal protocol failed.
    #[error("Signal: {0}")]
    Signal(#[from] SignalProtocolError),
    /// A key is no key.
    #[error("key: {0}")]
    Key(#[from] CurveError),
    /// The client's store failed.
    #[error("the client's store: {0}")]
    Store(String),
    /// Media could not be encrypted.
    #[error("media: {0}")]
    Media(String),
}

/// A result with the loopback server's error.
pub type Result<T> = std::result::Result<T, Error>;

//! What can be set, and what may not go together.

use std::path::PathBuf;

use super::{WhatsappError, pacing::Pace, verification};

/// The gateway's options.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether there is one at all.
    pub enabled: bool,
    /// The session's file. Only the client opens it.
    pub session: PathBuf,
    /// Another server than WhatsApp's, `ws://` on this machine: the tests' and the demonstration's.
    pub server_url: Option<String>,
    /// The web client's version that is told to WhatsApp; otherwise the newest that can be learnt.
    pub version: Option<(u32, u32, u32)>,
    /// Where the last version that was learnt is kept.
    pub version_cache: PathBuf,
    /// How fast it writes.
    pub pace: Pace,
    /// Below so many free bytes on the disk nothing is fetched from WhatsApp any more.
    pub least_free_bytes: u64,
    /// Larger files that patients send are not kept.
    pub most_media_bytes: u64,
}

impl Options {
    /// Another server may only be on this machine.
    pub(super) fn check(&self) -> Result<(), WhatsappError> {
        match &self.server_url {
            Some(url) if !is_loopback(url) => Err(WhatsappError::NotLoopback),
            _ => Ok(()),
        }
    }

    /// A client that would believe any server may only talk to one on this machine.
    pub(super) fn check_verification(&self) -> Result<(), WhatsappError> {
        if self.server_url.is_none() && !verification::is_on() {
            Err(WhatsappError::Unverified)
        } else {
            Ok(())
        }
    }
}

fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("ws://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for url in ["ws://127.0.0.1:9000/ws/chat", "ws://localhost", "ws://[::1]:1/x"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "wss://127.0.0.1",
            "ws://web.whatsapp.com/ws/chat",
            "ws://127.0.0.1.evil.test/",
            "ws://localhost@evil.test/",
            "http://127.0.0.1",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}

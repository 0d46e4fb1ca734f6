//! The connection as staff see it, and how the client's events change it.

use jiff::Timestamp;
use serde::Serialize;
use whatsapp_rust::wacore::types::events::{Event, TempBanReason};

/// How the hospital's number is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Connection {
    /// Switched off in the configuration.
    Off,
    /// No phone is paired. An administrator asks for a QR code or a pair code.
    Unpaired,
    /// A QR code or a pair code waits for the phone.
    WaitingForScan,
    /// The server is being reached for the first time.
    Connecting,
    /// The phone has accepted; keys and messages are being brought up to date.
    Syncing,
    /// Messages come and go.
    Connected {
        /// Since when.
        since: Timestamp,
    },
    /// The connection is lost and tried again by itself.
    Reconnecting {
        /// Since when.
        since: Timestamp,
    },
    /// The phone, or WhatsApp, ended the pairing: it has to be paired again.
    LoggedOut {
        /// Why, as far as WhatsApp says.
        reason: String,
    },
    /// WhatsApp lets the number write again at this time; then it is tried by itself.
    BannedUntil {
        /// When.
        until: Timestamp,
        /// Why, as WhatsApp says.
        reason: String,
    },
    /// Another program uses the same session. It is not tried again by itself: two would throw each other out for ever.
    Replaced,
    /// The disk is full or takes no writes. Nothing is fetched from WhatsApp, which keeps it, until there is room again.
    StorageFull {
        /// Since when.
        since: Timestamp,
    },
    /// WhatsApp refuses this version of the client.
    Outdated {
        /// When it is tried again, with the newest version that can be learnt.
        retry_at: Timestamp,
    },
}

impl Connection {
    /// Whether messages can be sent.
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// Whether somebody has to do something before messages flow again.
    pub fn needs_staff(&self) -> bool {
        matches!(
            self,
            Self::LoggedOut { .. }
                | Self::BannedUntil { .. }
                | Self::Replaced
                | Self::Outdated { .. }
                | Self::StorageFull { .. }
        )
    }

    /// Whether it stays so until somebody, or its time, changes it.
    pub(super) fn is_decided(&self) -> bool {
        self.needs_staff() || matches!(self, Self::Unpaired | Self::Off)
    }

    /// Its word in the pages' texts: `connection-WORD` names it, `connection-WORD-advice` says what to do.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Unpaired => "unpaired",
            Self::WaitingForScan => "waiting-for-scan",
            Self::Connecting => "connecting",
            Self::Syncing => "syncing",
            Self::Connected { .. } => "connected",
            Self::Reconnecting { .. } => "reconnecting",
            Self::LoggedOut { .. } => "logged-out",
            Self::BannedUntil { .. } => "banned",
            Self::Replaced => "replaced",
            Self::StorageFull { .. } => "storage-full",
            Self::Outdated { .. } => "outdated",
        }
    }

    /// What an event of the client makes of it; nothing when the event says nothing about the connection.
    pub(super) fn after(event: &Event, now: Timestamp) -> Option<Self> {
        Some(match event {
            Event::PairingQrCode(_) | Event::PairingCode(_) => Self::WaitingForScan,
            Event::PairSuccess(_) | Event::OfflineSyncPreview(_) => Self::Syncing,
            Event::Connected(_) => Self::Connected { since: now },
            Event::Disconnected(_) | Event::ConnectFailure(_) => Self::Reconnecting { since: now },
            Event::PairingQrCodesExhausted(_) => Self::Unpaired,
            Event::LoggedOut(logged_out) => Self::LoggedOut { reason: format!("{:?}", logged_out.reason) },
            Event::TemporaryBan(ban) => Self::BannedUntil {
                until: ban
                    .expire
                    .to_std()
                    .ok()
                    .and_then(|left| now.checked_add(left).ok())
                    .unwrap_or(Timestamp::MAX),
                reason: ban_reason(&ban.code).to_owned(),
            },
            Event::StreamReplaced(_) => Self::Replaced,
            _ => return None,
        })
    }
}

fn ban_reason(reason: &TempBanReason) -> &'static str {
    match reason {
        TempBanReason::SentToTooManyPeople => "sent to too many people",
        TempBanReason::BlockedByUsers => "blocked by users",
        TempBanReason::CreatedTooManyGroups => "created too many groups",
        TempBanReason::SentTooManySameMessage => "sent the same message too often",
        TempBanReason::BroadcastList => "broadcast list",
        _ => "unknown",
    }
}

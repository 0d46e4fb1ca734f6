//! What can be set, one struct a section of `satubumi.toml`.

use std::{net::SocketAddr, path::PathBuf};

use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::{ai::DeviceChoice, assistant::StaffHours, whatsapp::Pace};

/// `[server]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// Questions that may wait or be answered at once; more are refused with 503.
    pub max_waiting: usize,
    /// Messages of one sender that may wait; more are refused with 429.
    pub max_waiting_per_sender: usize,
    /// The address that browsers reach the pages by where a proxy stands before this server, such as
    /// `https://satubumi.rs.example`; with `https` the sign-in cookie is sent over nothing else.
    pub public_url: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            max_waiting: 512,
            max_waiting_per_sender: 8,
            public_url: String::new(),
        }
    }
}

impl ServerConfig {
    /// The public address without a slash at its end; `None` where browsers reach this server itself.
    ///
    /// # Errors
    /// When it is neither `http://` nor `https://` and a host.
    pub fn parsed_public_url(&self) -> Result<Option<&str>, ConfigError> {
        let url = self.public_url.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match host {
            None if url.is_empty() => Ok(None),
            Some(host) if !host.is_empty() && !host.contains('/') => Ok(Some(url)),
            _ => Err(ConfigError::Value {
                key: "server.public_url".into(),
                place: "the configuration".into(),
                problem: "it is no address of a host".into(),
                allowed: "http:// or https:// and a host, without a path".into(),
            }),
        }
    }
}

/// `[paths]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PathsConfig {
    /// Database, caches.
    pub data_dir: PathBuf,
    /// The hospital's documents and replies.
    pub knowledge_dir: PathBuf,
    /// Weights and their manifest.
    pub models_dir: PathBuf,
}

impl Default for PathsConfig {
    fn default() -> Self {
        Self { data_dir: "data".into(), knowledge_dir: "knowledge".into(), models_dir: "models".into() }
    }
}

/// `[hospital]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HospitalConfig {
    /// Its name, as patients know it.
    pub name: String,
    /// IANA time zone: opening hours and validity are read in it.
    pub time_zone: String,
    /// When staff answer, such as `Mon-Sat 07:00-20:00`; none: always.
    pub staff_hours: Vec<String>,
    /// Days on which they don't.
    pub staff_holidays: Vec<Date>,
}

impl Default for HospitalConfig {
    fn default() -> Self {
        Self {
            name: "RSH Satu Bumi".into(),
            time_zone: "Asia/Jakarta".into(),
            staff_hours: vec!["Mon-Sat 07:00-20:00".into()],
            staff_holidays: Vec::new(),
        }
    }
}

impl HospitalConfig {
    /// The time zone, looked up.
    ///
    /// # Errors
    /// When the name is not in the time-zone database.
    pub fn zone(&self) -> Result<TimeZone, ConfigError> {
        TimeZone::get(&self.time_zone).map_err(|_| ConfigError::Value {
            key: "hospital.time_zone".into(),
            place: "the configuration".into(),
            problem: format!("there is no time zone {:?}", self.time_zone),
            allowed: "an IANA name such as Asia/Jakarta, Asia/Makassar, Asia/Jayapura".into(),
        })
    }

    /// When staff answer.
    ///
    /// # Errors
    /// When one of the spans can't be read.
    pub fn hours(&self) -> Result<StaffHours, ConfigError> {
        StaffHours::parse(&self.staff_hours, self.staff_holidays.iter().copied()).map_err(|span| {
            ConfigError::Value {
                key: "hospital.staff_hours".into(),
                place: "the configuration".into(),
                problem: format!("{span:?} is no span of hours"),
                allowed: "days Mon Tue Wed Thu Fri Sat Sun, one or from-to, and times, such as \"Mon-Sat 07:00-20:00\"; [] for always".into(),
            }
        })
    }
}

/// `[models]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// A profile of `models/manifest.toml`.
    pub profile: String,
    /// Where they run.
    pub device: DeviceChoice,
    /// Threads for arithmetic; 0 takes every core.
    pub threads: usize,
    /// Jobs that may wait for a model; more are "busy".
    pub queue: usize,
    /// The generator's context window in tokens: prompt and answer together.
    pub context_tokens: usize,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            profile: "small".into(),
            device: DeviceChoice::Auto,
            threads: 0,
            queue: 64,
            context_tokens: 4096,
        }
    }
}

/// How an answer is made from passages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComposeChoice {
    /// What the model profile recommends.
    #[default]
    Profile,
    /// Quote the passages' own sentences.
    Quote,
    /// Let the model write, then check every sentence.
    Write,
}

/// `[assistant]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssistantConfig {
    /// How an answer is made.
    pub compose: ComposeChoice,
    /// Passages that an answer may rest on.
    pub passages: usize,
    /// Seconds until a question that the model still works on gets the fallback.
    pub patience_seconds: u64,
}

impl Default for AssistantConfig {
    fn default() -> Self {
        Self { compose: ComposeChoice::Profile, passages: 4, patience_seconds: 60 }
    }
}

/// `[whatsapp]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhatsappConfig {
    /// Whether the number is answered here.
    pub enabled: bool,
    /// Seconds without a message or a sign of typing after which a patient's messages are answered together.
    pub quiet_seconds: u64,
    /// Seconds after the first of them after which they are answered in any case.
    pub quiet_at_most_seconds: u64,
    /// Characters that the bot seems to type in a second; 0 does not wait.
    pub typing_chars_per_second: u32,
    /// Messages a minute to all patients together; 0 does not limit.
    pub most_per_minute: u32,
    /// Replies to one patient within ten minutes beyond which the other side is taken for a machine.
    pub most_replies: u32,
    /// Megabytes that a patient's file may have to be kept; 0 keeps none.
    pub media_megabytes: u64,
    /// Megabytes of free disk below which messages are left with WhatsApp.
    pub least_free_megabytes: u64,
    /// The web client's version that is told to WhatsApp, such as `2.3000.1042742319`; empty: the newest.
    pub version: String,
    /// Another server, `ws://` on this machine, for tests and the demonstration; empty: WhatsApp.
    pub server_url: String,
}

impl Default for WhatsappConfig {
    fn default() -> Self {
        let pace = Pace::default();
        Self {
            enabled: true,
            quiet_seconds: 3,
            quiet_at_most_seconds: 15,
            typing_chars_per_second: pace.typing_chars_per_second,
            most_per_minute: pace.most_per_minute,
            most_replies: 20,
            media_megabytes: 20,
            least_free_megabytes: 256,
            version: String::new(),
            server_url: String::new(),
        }
    }
}

impl WhatsappConfig {
    /// The version, read.
    ///
    /// # Errors
    /// When it is not three numbers.
    pub fn parsed_version(&self) -> Result<Option<(u32, u32, u32)>, ConfigError> {
        if self.version.is_empty() {
            return Ok(None);
        }
        let mut numbers = self.version.split('.').map(str::parse);
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(first)), Some(Ok(second)), Some(Ok(third)), None) => Ok(Some((first, second, third))),
            _ => Err(ConfigError::Value {
                key: "whatsapp.version".into(),
                place: "the configuration".into(),
                problem: format!("{:?} is no version", self.version),
                allowed: "three numbers, such as 2.3000.1042742319, or \"\" for the newest".into(),
            }),
        }
    }
}

/// The logs' form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line an event.
    #[default]
    People,
    /// One JSON object an event.
    Json,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// For people or JSON.
    pub format: LogFormat,
    /// `tracing` filter: a level, or `target=level` pairs.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::People, level: "info".into() }
    }
}

//! Configuration: the defaults below, `satubumi.toml` over them, `.env` over that, the environment
//! (`SATUBUMI__SECTION__KEY`) over all, and the command line's folder and address options last.
//!
//! An unknown key or a bad value is an error that names where it stands, the key and what is allowed. Secrets
//! (`HF_TOKEN`) come from the environment or `.env` only, never from the file.

mod sections;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Source,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

pub use sections::{
    AssistantConfig, ComposeChoice, HospitalConfig, LogConfig, LogFormat, ModelsConfig, PathsConfig,
    ServerConfig, WhatsappConfig,
};

/// The commented default that `satubumi config` prints; a test holds it to [`Config::default`].
pub const COMMENTED_DEFAULT: &str = include_str!("default.toml");
/// The file that is read if it exists and no other is named.
pub const DEFAULT_FILE: &str = "satubumi.toml";

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens.
    pub server: ServerConfig,
    /// Where things lie.
    pub paths: PathsConfig,
    /// The hospital itself.
    pub hospital: HospitalConfig,
    /// Which models, on what.
    pub models: ModelsConfig,
    /// How answers are made.
    pub assistant: AssistantConfig,
    /// The hospital's number.
    pub whatsapp: WhatsappConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// The model hub's token: `HF_TOKEN` of the environment or `.env`, never of the file.
    #[serde(skip)]
    pub hub_token: Option<String>,
}

/// The options that stand before any subcommand.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// Configuration file [default: satubumi.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the database and caches
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Folder of the hospital's documents and replies
    #[arg(long, global = true, value_name = "FOLDER")]
    pub knowledge_dir: Option<PathBuf>,
    /// Folder of the models and their manifest
    #[arg(long, global = true, value_name = "FOLDER")]
    pub models_dir: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// What can be wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file is not there.
    #[error("there is no configuration file {0}")]
    Missing(PathBuf),
    /// A key nobody knows.
    #[error("{place}: unknown key `{key}`; allowed here: {allowed}")]
    UnknownKey {
        /// File or environment variable.
        place: String,
        /// Dotted path.
        key: String,
        /// The keys of that section.
        allowed: String,
    },
    /// A value that does not fit.
    #[error("{place}: `{key}`: {problem}; allowed: {allowed}")]
    Value {
        /// File or environment variable.
        place: String,
        /// Dotted path.
        key: String,
        /// What is wrong.
        problem: String,
        /// What would be right.
        allowed: String,
    },
    /// The file is not TOML, or `.env` is malformed.
    #[error("{place}: {detail}")]
    Malformed {
        /// The file.
        place: String,
        /// The parser's words.
        detail: String,
    },
}

impl Config {
    /// Reads everything, in the order of the module's first lines.
    ///
    /// # Errors
    /// [`ConfigError`], always naming where, which key and what is allowed.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigError> {
        let file = match &overrides.config {
            Some(named) if !named.is_file() => return Err(ConfigError::Missing(named.clone())),
            Some(named) => named.clone(),
            None => PathBuf::from(DEFAULT_FILE),
        };
        // `.env` fills the environment without replacing what is set there.
        if let Err(refused) = dotenvy::dotenv()
            && !refused.not_found()
        {
            // dotenvy's own message repeats the line, which may hold a secret.
            let detail = "a line is not of the form KEY=value".into();
            return Err(ConfigError::Malformed { place: ".env".into(), detail });
        }
        let mut config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(&file))
            .merge(Env::prefixed("SATUBUMI__").split("__"))
            .extract()
            .map_err(explain)?;
        config.hub_token = secret("HF_TOKEN");
        config.apply(overrides);
        config.check()?;
        Ok(config)
    }

    fn apply(&mut self, overrides: &Overrides) {
        let paths = &mut self.paths;
        for (given, target) in [
            (&overrides.data_dir, &mut paths.data_dir),
            (&overrides.knowledge_dir, &mut paths.knowledge_dir),
            (&overrides.models_dir, &mut paths.models_dir),
        ] {
            if let Some(given) = given {
                target.clone_from(given);
            }
        }
        if let Some(listen) = overrides.listen {
            self.server.listen = listen;
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.hospital.zone()?;
        self.hospital.hours()?;
        self.whatsapp.parsed_version()?;
        let at_least_one = [
            ("server.max_waiting", self.server.max_waiting),
            ("server.max_waiting_per_sender", self.server.max_waiting_per_sender),
            ("models.queue", self.models.queue),
            ("assistant.passages", self.assistant.passages),
        ];
        for (key, value) in at_least_one {
            if value == 0 {
                return Err(ConfigError::Value {
                    place: "the configuration".into(),
                    key: key.into(),
                    problem: "0 would refuse everything".into(),
                    allowed: "a whole number of 1 or more".into(),
                });
            }
        }
        if self.models.context_tokens < 1024 {
            return Err(ConfigError::Value {
                place: "the configuration".into(),
                key: "models.context_tokens".into(),
                problem: format!("{} tokens hold no passages", self.models.context_tokens),
                allowed: "1024 or more".into(),
            });
        }
        Ok(())
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.paths.data_dir.join("satubumi.db")
    }

    /// The WhatsApp session's file.
    pub fn whatsapp_session(&self) -> PathBuf {
        self.paths.data_dir.join("whatsapp.db")
    }

    /// Where the search index keeps its caches.
    pub fn index_cache(&self) -> PathBuf {
        self.paths.data_dir.join("index")
    }
}

/// A secret of the environment; an empty one is none.
#[expect(clippy::disallowed_methods, reason = "this is where the configuration is read")]
fn secret(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Turns figment's error into one that names place, key and what is allowed.
fn explain(error: figment::Error) -> ConfigError {
    use figment::error::Kind;
    let key = error.path.join(".");
    let place = match error.metadata.as_ref().and_then(|metadata| metadata.source.as_ref()) {
        Some(Source::File(path)) => shown(path),
        _ => {
            let variable = error.path.iter().map(|part| part.to_uppercase()).collect::<Vec<_>>().join("__");
            format!("the environment (SATUBUMI__{variable})")
        }
    };
    match &error.kind {
        Kind::UnknownField(field, allowed) => {
            let key = if error.path.last().is_some_and(|last| last == field) {
                key
            } else if key.is_empty() {
                field.clone()
            } else {
                format!("{key}.{field}")
            };
            ConfigError::UnknownKey { place, key, allowed: allowed.join(", ") }
        }
        Kind::UnknownVariant(variant, allowed) => ConfigError::Value {
            place,
            key,
            problem: format!("there is no {variant:?}"),
            allowed: allowed.join(", "),
        },
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            ConfigError::Value { place, key, problem: format!("it is {actual}"), allowed: expected.clone() }
        }
        Kind::Message(message) if !key.is_empty() => ConfigError::Value {
            place,
            key: key.clone(),
            problem: message.clone(),
            allowed: "see `satubumi config`".into(),
        },
        other => ConfigError::Malformed { place, detail: other.to_string() },
    }
}

fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str) -> Result<Config, ConfigError> {
        Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string(file))
            .extract::<Config>()
            .map_err(explain)
    }

    #[test]
    fn the_printed_default_is_the_default() {
        let parsed: Config = toml::from_str(COMMENTED_DEFAULT).expect("the commented default is valid TOML");
        assert_eq!(parsed, Config::default());
        let every_key: toml::Table = toml::from_str(&toml::to_string(&Config::default()).unwrap()).unwrap();
        let printed: toml::Table = toml::from_str(COMMENTED_DEFAULT).unwrap();
        for (section, keys) in &every_key {
            for key in keys.as_table().into_iter().flat_map(|table| table.keys()) {
                assert!(printed[section].get(key).is_some(), "{section}.{key} is not in default.toml");
            }
        }
    }

    #[test]
    fn an_unknown_key_names_itself_and_its_neighbours() {
        let error = load("[server]\nlisen = \"127.0.0.1:1\"").unwrap_err().to_string();
        assert!(error.contains("server.lisen") && error.contains("listen"), "{error}");
    }

    #[test]
    fn a_bad_value_names_what_is_allowed() {
        let error = load("[models]\ndevice = \"tpu\"").unwrap_err().to_string();
        assert!(error.contains("models.device") && error.contains("auto, cpu, cuda"), "{error}");
        let error = load("[models]\nthreads = \"many\"").unwrap_err().to_string();
        assert!(error.contains("models.threads") && error.contains("many"), "{error}");
    }
}

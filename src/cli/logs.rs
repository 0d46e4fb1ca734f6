//! Logs: for people or as JSON, on standard error, so that results stay alone on standard output.

use anyhow::{Context, Result};
use satubumi::config::{LogConfig, LogFormat};
use tracing::subscriber::set_global_default;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging.
///
/// # Errors
/// When the level is not a `tracing` filter.
pub fn start(config: &LogConfig) -> Result<()> {
    let filter = EnvFilter::try_new(&config.level).with_context(|| {
        format!(
            "`log.level` is {:?}; allowed: error, warn, info, debug, trace, or target=level pairs",
            config.level
        )
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    // Not `init`: that would also take what libraries tell the `log` crate, and the WhatsApp client tells it numbers and
    // keys.
    match config.format {
        LogFormat::People => {
            set_global_default(registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)))
        }
        LogFormat::Json => {
            set_global_default(registry.with(fmt::layer().json().with_writer(std::io::stderr)))
        }
    }
    .context("logging was started twice")
}

//! Logs: for people or as JSON, on standard error, so that results stay alone on standard output.

use anyhow::{Context, Result};
use satubumi::config::{LogConfig, LogFormat};
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
    match config.format {
        LogFormat::People => {
            registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).init()
        }
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).init(),
    }
    Ok(())
}

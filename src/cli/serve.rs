//! `satubumi serve`: the server, until Ctrl-C or SIGTERM.

use std::io::Write;

use anyhow::Result;
use satubumi::{
    app::{self, Opened},
    config::Config,
    tasks::Tasks,
};

use super::output;

/// Serves.
///
/// # Errors
/// What stops the server before it is told to.
pub async fn run(config: &Config) -> Result<()> {
    let address = std::sync::OnceLock::new();
    let stop = async {
        if let Err(error) = Tasks::signal().await {
            tracing::error!(%error, "signals can't be caught; stopping");
        }
    };
    app::serve(
        config,
        stop,
        |Opened { address: opened, setup }| {
            let _ = address.set(opened);
            let _ = writeln!(output::notes(), "Satu Bumi listens on http://{opened} and loads its models …");
            if let Some(key) = setup {
                let _ = writeln!(
                    output::notes(),
                    "\n  There is no administrator yet. Make the first one, once, at\n  http://{opened}/setup?key={}\n",
                    key.reveal()
                );
            }
        },
        |brain| {
            let Some(address) = address.get() else { return };
            let _ = writeln!(
                output::notes(),
                "\nReady: http://{address}  (profile {profile})\n\
                 \n  A token for the API:  satubumi token add NAME\
                 \n  Ask without a server: satubumi ask \"Hari Sabtu poli buka sampai jam berapa?\"\n",
                profile = brain.profile.name,
            );
        },
    )
    .await
}

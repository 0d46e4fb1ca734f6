//! The server, as a child of the demo.

use std::{fs::File, path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::process::{self, Command};

/// How long the server may take to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running server.
pub struct Child {
    process: process::Child,
    log: String,
}

impl Child {
    /// Starts the server on a folder, its WhatsApp client connecting to `url`. What it writes goes to `server.log`.
    pub fn start(program: &Path, folder: &Path, arguments: &[String], url: &str) -> Result<Self> {
        let log = folder.join("server.log");
        let file = File::create(&log).with_context(|| format!("{}", log.display()))?;
        let process = Command::new(program)
            .arg("--data-dir")
            .arg(folder)
            .arg("serve")
            .args(arguments)
            .env("SATUBUMI__WHATSAPP__ENABLED", "true")
            .env("SATUBUMI__WHATSAPP__SERVER_URL", url)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            // Ctrl-C in the terminal is the demo's to handle: it stops the server in its turn.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        Ok(Self { process, log: log.display().to_string() })
    }

    /// Resolves, always with an error, when the server has ended by itself.
    pub async fn ended(&mut self) -> Result<()> {
        let status = self.process.wait().await?;
        bail!("the server ended ({status}); see {}", self.log)
    }

    /// Stops the server. Gives whether it stopped in time; if not, it was killed.
    pub async fn stop(&mut self) -> bool {
        let Some(id) = self.process.id() else { return true };
        // The standard library can only kill; the server shuts down in order when it is asked to end.
        let asked = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await;
        if asked.is_ok_and(|status| status.success())
            && tokio::time::timeout(PATIENCE, self.process.wait()).await.is_ok()
        {
            return true;
        }
        // It may have ended meanwhile.
        let _ = self.process.kill().await;
        false
    }
}

//! The terminal, or whatever takes its place.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Result;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// Where the demo writes.
pub struct Terminal {
    /// Whether somebody types, rather than a script.
    typed: bool,
    coloured: bool,
}

impl Terminal {
    pub fn new() -> Self {
        let typed = io::stdin().is_terminal();
        Self { typed, coloured: io::stdout().is_terminal() }
    }

    pub fn is_typed(&self) -> bool {
        self.typed
    }

    pub fn line(&self, text: &str) {
        let mut out = io::stdout().lock();
        // A closed terminal is no reason to fail.
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// A line in blue, if there are colours.
    pub fn blue(&self, text: &str) {
        if self.coloured {
            self.line(&format!("\x1b[34m{text}\x1b[0m"));
        } else {
            self.line(text);
        }
    }

    /// Who speaks, and what they say, further lines below the first.
    pub fn says(&self, who: &str, text: &str) {
        let indent = format!("\n{}", " ".repeat(who.chars().count() + 2));
        self.line(&format!("{who}: {}", text.trim_end().replace('\n', &indent)));
    }

    /// Asks for a line, if somebody types.
    pub fn prompt(&self, who: &str) {
        if self.typed {
            let mut out = io::stdout().lock();
            let _ = write!(out, "{who}: ");
            let _ = out.flush();
        }
    }

    pub fn complain(&self, error: &anyhow::Error) {
        let _ = writeln!(io::stderr().lock(), "satubumi-demo: {error:#}");
    }

    /// The lines that come in. Reading can't be broken off, so a thread of its own does it.
    pub fn lines(&self) -> mpsc::UnboundedReceiver<String> {
        let (send, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(std::result::Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        lines
    }
}

/// Resolves at Ctrl-C or SIGTERM.
pub async fn told_to_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

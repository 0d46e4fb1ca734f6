//! The only place that spawns: every task is tracked, told to stop, and waited for. Panics are heard here too.

use std::{future::Future, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The process's tasks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Resolves when the process should stop; tasks select on it.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task. Its name is in its span; what it fails with it logs itself.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(self.tracker.track_future(task)));
    }

    /// Tells every task to stop and waits for them, at most `patience`. Gives whether all ended in time.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }

    /// Resolves at Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// When the signal handlers can't be installed.
    pub async fn signal() -> std::io::Result<()> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
}

/// Ends the process on the spot, as `kill -9` does. Tests ask for it by name at their fail points.
pub fn die<T>(_: Option<String>) -> T {
    // Nothing of ours runs after the signal; should it fail, the process must not go on either.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}

/// Makes a panic log where it happened and nothing else: its message may quote what a patient wrote.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!(place, "a thread panicked");
    }));
}

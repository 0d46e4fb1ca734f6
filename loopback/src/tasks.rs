//! The only place that spawns: the server's tasks are tracked and told to stop.

use std::future::Future;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The server's tasks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Resolves when the server stops; tasks select on it.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(self.tracker.track_future(task)));
    }

    /// Tells every task to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
    }

    /// Waits until every task has ended.
    pub(crate) async fn ended(&self) {
        self.tracker.wait().await;
    }
}

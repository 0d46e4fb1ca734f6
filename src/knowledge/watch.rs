//! The folder tells when it changes.

use std::{path::PathBuf, sync::Arc};

use notify_debouncer_full::{DebounceEventResult, new_debouncer, notify::RecursiveMode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{KnowledgeBase, KnowledgeError};

impl KnowledgeBase {
    /// Indexes whatever changes in the folder, until `stop`. Looks once at the start, so nothing that changed before the
    /// watch stood is missed, and now and then by itself, because network folders tell nothing.
    ///
    /// # Errors
    /// When the folder can't be watched; failures of a run are logged here and the next one tries again.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) -> Result<(), KnowledgeError> {
        // One waiting wish to look is as good as many.
        let (wish, mut wishes) = mpsc::channel(1);
        let folder = self.documents_folder();
        let refused = |why: notify_debouncer_full::notify::Error| watch_error(&folder, &why);
        let mut debouncer = new_debouncer(self.options.debounce, None, move |events: DebounceEventResult| {
            // Errors of the watch itself (an overflow) are a reason to look, too.
            let reads_only = events.is_ok_and(|events| events.iter().all(|event| event.kind.is_access()));
            if !reads_only {
                // Full: a wish already waits. Closed: the watch has ended.
                let _ = wish.try_send(());
            }
        })
        .map_err(refused)?;
        debouncer.watch(&folder, RecursiveMode::Recursive).map_err(refused)?;
        let mut told = Vec::new();
        loop {
            // What a run has not finished when the server stops, the next start's run does.
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.look(&mut told) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = wishes.recv() => {}
                () = tokio::time::sleep(self.options.rescan) => {}
            }
        }
    }

    /// One run; what is wrong with a document is told once.
    async fn look(&self, told: &mut Vec<(String, String)>) {
        match self.ingest(&|_| {}).await {
            Ok(report) => {
                if report.is_change() {
                    tracing::info!(
                        added = report.added.len(),
                        changed = report.changed.len(),
                        removed = report.removed.len(),
                        unchanged = report.unchanged,
                        "documents indexed"
                    );
                }
                for (path, why) in report.failed.iter().filter(|failed| !told.contains(failed)) {
                    tracing::warn!(path, why, "a document is not used");
                }
                *told = report.failed;
            }
            Err(failed) => tracing::error!(error = %failed, "indexing the documents failed"),
        }
    }
}

fn watch_error(folder: &std::path::Path, why: &notify_debouncer_full::notify::Error) -> KnowledgeError {
    KnowledgeError::Watch { path: PathBuf::from(folder), why: why.to_string() }
}

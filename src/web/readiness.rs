//! What has to be there before patients can be answered.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::chat::ChatService;

/// How long a look at the disk counts: `/readyz` is open to all and must not become a way to wear the disk.
const STORAGE_LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// The models that answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelProfile {
    /// Its name in the manifest.
    pub name: String,
    /// What they run on, as the configuration says: `auto`, `cpu`, `cuda`.
    pub device: String,
    /// Those that are loaded.
    pub models: Vec<LoadedModel>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedModel {
    /// The key of what it does in the pages' texts.
    pub task: &'static str,
    /// Its name in the manifest.
    pub name: String,
    /// Its exact files.
    pub revision: String,
}

/// What is ready; the app sets the parts as it builds them.
#[derive(Debug, Default)]
pub struct Readiness {
    models: AtomicBool,
    index: AtomicBool,
    profile: OnceLock<ModelProfile>,
    storage: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// Nothing is ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// The models are loaded and answer (or no longer).
    pub fn set_models(&self, ready: bool) {
        self.models.store(ready, Ordering::Release);
    }

    /// The index can be searched (or no longer).
    pub fn set_index(&self, ready: bool) {
        self.index.store(ready, Ordering::Release);
    }

    /// Tells which models were loaded; the first word counts.
    pub fn set_profile(&self, profile: ModelProfile) {
        let _ = self.profile.set(profile);
    }

    /// Which models were loaded; none while they are.
    pub fn profile(&self) -> Option<&ModelProfile> {
        self.profile.get()
    }

    /// Whether the models are loaded.
    pub fn models(&self) -> bool {
        self.models.load(Ordering::Acquire)
    }

    /// Whether the index can be searched.
    pub fn index(&self) -> bool {
        self.index.load(Ordering::Acquire)
    }

    /// Whether the database takes writes; looks at most every two seconds.
    pub async fn database(&self, chat: &ChatService) -> bool {
        let mut seen = self.storage.lock().await;
        if let Some((at, writable)) = *seen
            && at.elapsed() < STORAGE_LOOKED_AT_EVERY
        {
            return writable;
        }
        let checked = chat.check_storage().await;
        if let Err(error) = &checked {
            tracing::error!(%error, "the database takes no writes");
        }
        *seen = Some((Instant::now(), checked.is_ok()));
        checked.is_ok()
    }
}

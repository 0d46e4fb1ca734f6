//! The hospital's own texts as staff edit them: documents, approved answers, fixed replies, red flags.
//!
//! The knowledge folder is the truth, and IT people may edit it by hand: the pages write the same files. A change is read
//! by the parsers that will load it before anything is replaced, is refused when somebody else changed the file meanwhile,
//! and is written beside the old file and renamed, so that nobody ever reads half of it. What a file held before is
//! kept in the database ([`crate::store::file_versions`]).
//!
//! ```text
//! form ──Place──▶ check (the loading parsers) ──▶ versions + audit, one transaction ──▶ rename ──▶ ingest or reload
//! ```

mod approved;
mod change;
mod check;
mod documents;
mod error;
mod files;
mod gaps;
mod particulars;
mod place;
mod red_flags;
mod replies;
mod upload;

use std::{collections::HashMap, path::PathBuf, sync::Arc, sync::OnceLock, time::SystemTime};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use approved::{ApprovedDraft, ApprovedEntry, Drafted, Near};
pub use documents::{DocumentState, Listed, OpenDocument};
pub use error::LibraryError;
pub use files::Revision;
pub use gaps::{Gaps, Group};
pub use particulars::Particulars;
pub use place::{BadName, Kind, MAX_TEXT_BYTES, Place};
pub use red_flags::{RuleFile, RuleSummary};
pub use replies::ReplyPair;
pub use upload::Uploaded;

use crate::{
    assistant::Assistant,
    domain::MessageId,
    knowledge::{KnowledgeBase, extract::Extractor},
    store::Store,
    tasks::Tasks,
};

/// The hospital's texts. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    inner: Arc<Inner>,
}

/// A file's length and time: by these its hash is remembered.
type Look = (u64, Option<SystemTime>);
/// A document's look, its side-car's, and the hash of both.
type Looked = ((Look, Option<Look>), [u8; 32]);

struct Inner {
    store: Store,
    folder: PathBuf,
    extractor: Extractor,
    tasks: Tasks,
    brain: OnceLock<Brain>,
    /// One change at a time, from the look at the old file to the rename.
    changing: tokio::sync::Mutex<()>,
    /// Hashes of documents, so that a list reads only what is new.
    hashes: Mutex<HashMap<PathBuf, Looked>>,
    /// Vectors of the gaps that are shown. Not in the database: a deleted conversation must leave nothing behind.
    gaps: Mutex<HashMap<MessageId, Arc<[f32]>>>,
    /// Whether somebody is at work on the gaps' vectors.
    embedding: Mutex<bool>,
    /// Counts changes; its value says nothing.
    changes: watch::Sender<u64>,
}

/// What is there once the models are loaded.
struct Brain {
    knowledge: Arc<KnowledgeBase>,
    assistant: Arc<Assistant>,
}

impl Library {
    /// The texts of a knowledge folder. Until [`Self::start`] they can be read and changed, but nothing is indexed.
    pub fn new(store: Store, folder: PathBuf, extractor: Extractor, tasks: Tasks) -> Self {
        let inner = Inner {
            store,
            folder,
            extractor,
            tasks,
            brain: OnceLock::new(),
            changing: tokio::sync::Mutex::default(),
            hashes: Mutex::default(),
            gaps: Mutex::default(),
            embedding: Mutex::new(false),
            changes: watch::Sender::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on changes count at once.
    pub fn start(&self, knowledge: Arc<KnowledgeBase>, assistant: Arc<Assistant>) {
        let (mut indexed, stop) = (knowledge.changes(), self.inner.tasks.stopping());
        // A second brain is ignored.
        let _ = self.inner.brain.set(Brain { knowledge, assistant });
        self.tell();
        let library = self.clone();
        self.inner.tasks.spawn(async move {
            while let Some(Ok(())) = stop.run_until_cancelled(indexed.changed()).await {
                library.tell();
            }
        });
    }

    /// Whether documents are indexed, and meanings compared.
    pub fn is_started(&self) -> bool {
        self.inner.brain.get().is_some()
    }

    /// Tells whenever a text, or a document's state, may have changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Bytes that a document may have.
    pub fn most_bytes(&self) -> u64 {
        self.inner.extractor.limits.file_bytes
    }

    fn tell(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }

    /// Makes a change count: documents are indexed in the background, everything else is in force when this returns.
    async fn follow(&self, kind: Kind) {
        self.tell();
        let Some(brain) = self.inner.brain.get() else { return };
        if matches!(kind, Kind::Document | Kind::SideCar) {
            let knowledge = Arc::clone(&brain.knowledge);
            self.inner.tasks.spawn(async move {
                // The watch would do it, too, a moment later; what is wrong with a document is told in the list.
                if let Err(error) = knowledge.ingest(&|_| {}).await {
                    tracing::error!(%error, "indexing after a change failed");
                }
            });
        } else if let Err(error) = brain.assistant.reload().await {
            tracing::error!(%error, "a changed file is not in force");
        }
    }
}

/// Runs what may block on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, LibraryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(gone) => match gone.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(LibraryError::Cancelled),
        },
    }
}

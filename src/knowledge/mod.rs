//! The hospital's documents: read, cut into passages, indexed, searched.
//!
//! ```text
//! documents/**  ──folder──▶ SourceFile ──meta, extract──▶ particulars + blocks ──chunk──▶ chunks
//!                                                                                  │ Embedder, tokens
//!               one transaction a document: passages, FTS5, vectors, generation+1 ◀┘
//!
//! question + its vector ──▶ one read transaction ──▶ the snapshot of that generation
//!        dense (exact | hnsw) ─┐
//!        lexical (BM25)       ─┴▶ fuse ─▶ rerank ─▶ passages, of documents that hold today
//! ```
//!
//! [`KnowledgeBase::ingest`] compares content hashes, so files that did not change cost nothing; [`KnowledgeBase::watch`]
//! does it whenever the folder changes. SQLite is the truth; vectors and vocabulary in memory are a snapshot of one
//! generation of it, the HNSW graph is a cache beside it.

mod bm25;
mod chunk;
mod dense;
mod document;
pub mod extract;
mod folder;
mod fuse;
mod hnsw;
mod ingest;
mod lexical;
pub mod meta;
mod search;
mod snapshot;
mod text_vectors;
mod trouble;
mod watch;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::watch as channel;

pub use chunk::{Chunk, chunks, joined_path, with_path};
pub use document::{DocumentError, SourceFile};
pub use folder::{FoundFile, Listing, SIDE_CAR, list as list_documents, read as read_document};
pub use ingest::{IngestReport, Progress};
pub use lexical::QueryTerms;
pub use search::SearchResult;
pub use trouble::Trouble;

use crate::{
    ai::{AiError, Embedder, Reranker},
    store::{Store, StoreError},
};
use extract::{Extractor, Limits};

/// What can go wrong with the knowledge base as a whole; what is wrong with one document its report says.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The embedder or the reranker.
    #[error(transparent)]
    Ai(#[from] AiError),
    /// The folder is not there or can't be read. Nothing is removed from the index then.
    #[error("cannot read the documents' folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The folder can't be watched.
    #[error("cannot watch the documents' folder {path}: {why}")]
    Watch {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// The question's vector is of another model.
    #[error("the question's vector has {given} dimensions, the index {expected}")]
    Dimensions {
        /// What was given.
        given: usize,
        /// What the embedder makes.
        expected: usize,
    },
    /// The search's thread was torn down (the server is stopping).
    #[error("the search was cancelled")]
    Cancelled,
}

/// Where the knowledge base lies and how it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The knowledge folder; documents lie in its `documents/`.
    pub folder: PathBuf,
    /// Where the HNSW graph is kept (`data/hnsw`).
    pub cache: PathBuf,
    /// The binary with the hidden subcommand that parses strangers' files; `None` is this one.
    pub extractor: Option<PathBuf>,
    /// What such a child may use.
    pub limits: Limits,
    /// Whether each sentence and row has a vector of its own beside the passage's: better ranking and quoting for some six
    /// times the embedding and the space.
    pub lines: bool,
    /// From how many vectors on the approximate index is built; below, exact search is as fast.
    pub approximate_from: usize,
    /// How long the documents must have been quiet before the approximate index is rebuilt.
    pub quiet: Duration,
    /// How long the watch waits for a burst of changes to end.
    pub debounce: Duration,
    /// How often the watch looks by itself: network folders tell nothing.
    pub rescan: Duration,
}

impl Options {
    /// The defaults, for a knowledge folder and a cache folder.
    pub fn new(folder: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            cache: cache.into(),
            extractor: None,
            limits: Limits::default(),
            lines: true,
            // 384 dimensions on two cores: exact 2.5 ms at 20,000 vectors, hnsw_rs 0.8 ms after 47 s of building.
            approximate_from: 10_000,
            quiet: Duration::from_secs(5),
            debounce: Duration::from_millis(500),
            rescan: Duration::from_secs(600),
        }
    }
}

/// The documents and the way to them. One for the whole process, shared.
pub struct KnowledgeBase {
    store: Store,
    embedder: Arc<Embedder>,
    reranker: Option<Arc<Reranker>>,
    options: Options,
    extractor: Extractor,
    /// The embedder's identity as the database keeps it.
    identity: String,
    index: Arc<Index>,
    /// One run at a time; the next finds most of its work done.
    ingesting: tokio::sync::Mutex<()>,
    /// Why documents could not be read that may be readable at the next run, by path, with the content's hash.
    passing: Mutex<HashMap<String, ([u8; 32], String)>>,
    /// Counts what the runs have done; its value says nothing.
    done: channel::Sender<u64>,
}

/// What the index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexStatus {
    /// Committed changes so far; 0 is an index that never held anything.
    pub generation: i64,
    /// Documents that can be searched, expired ones included.
    pub documents: usize,
    /// Their passages.
    pub passages: usize,
    /// Passages with a vector of the loaded embedder; fewer while documents are embedded anew.
    pub embedded: usize,
    /// Whether the approximate index of this generation stands; else exact search answers.
    pub approximate: bool,
}

/// What searches share: the snapshot in memory and the approximate index.
struct Index {
    snapshots: snapshot::Snapshots,
    approximate: hnsw::Cache,
}

impl KnowledgeBase {
    /// Opens the index in `store`. Reads nothing yet: the first search or [`KnowledgeBase::refresh`] does.
    ///
    /// # Errors
    /// When the system does not tell which binary this is (only without [`Options::extractor`]).
    pub fn open(
        store: Store,
        embedder: Arc<Embedder>,
        reranker: Option<Arc<Reranker>>,
        options: Options,
    ) -> std::io::Result<Self> {
        let program = match &options.extractor {
            Some(program) => program.clone(),
            None => std::env::current_exe()?,
        };
        let of = embedder.identity();
        let lines = if options.lines { "+lines" } else { "" };
        let identity = format!("{}@{}/{}{lines}", of.model, of.revision, of.dimensions);
        let index = Arc::new(Index {
            snapshots: snapshot::Snapshots::new(identity.clone(), of.dimensions),
            approximate: hnsw::Cache::new(&options, identity.clone(), of.dimensions),
        });
        Ok(Self {
            store,
            embedder,
            reranker,
            extractor: Extractor { program, limits: options.limits },
            options,
            identity,
            index,
            ingesting: tokio::sync::Mutex::new(()),
            passing: Mutex::default(),
            done: channel::Sender::new(0),
        })
    }

    /// Tells whenever a run has brought a document up, and when it ends.
    pub fn changes(&self) -> channel::Receiver<u64> {
        self.done.subscribe()
    }

    /// Whose vectors an up-to-date document carries.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Why the document with this content could not be read at the last run, for a reason that may pass: a program that is
    /// missing, a model that failed. What is wrong with a document itself the database keeps.
    pub fn passing_failure(&self, path: &str, hash: &[u8; 32]) -> Option<String> {
        let passing = self.passing.lock();
        passing.get(path).filter(|(of, _)| of == hash).map(|(_, why)| why.clone())
    }

    /// The folder that documents are read from.
    pub fn documents_folder(&self) -> PathBuf {
        self.options.folder.join(folder::DOCUMENTS)
    }

    /// The knowledge folder.
    pub fn folder(&self) -> &Path {
        &self.options.folder
    }

    /// The embedder that the index is built with.
    pub fn embedder(&self) -> &Arc<Embedder> {
        &self.embedder
    }

    /// The vector of a question, to be searched with: as it is written. Standard spelling first gains 1.3 points of R@1 on
    /// colloquial questions and loses half a point of R@1 and .8 of R@5 on plain ones (IDK-MRC, multilingual-e5-small).
    ///
    /// # Errors
    /// As [`Embedder::embed_query`].
    pub async fn embed(&self, question: &str) -> Result<Vec<f32>, KnowledgeError> {
        Ok(self.embedder.embed_query(question).await?)
    }

    /// What the index holds now, also what another process has put there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn status(&self) -> Result<IndexStatus, KnowledgeError> {
        let index = Arc::clone(&self.index);
        Ok(self
            .store
            .read(move |tx| {
                let snapshot = index.snapshots.of(tx)?;
                Ok(IndexStatus {
                    generation: snapshot.generation,
                    documents: snapshot.documents.len(),
                    passages: snapshot.documents.iter().map(|document| document.passages.len()).sum(),
                    embedded: snapshot.rows(),
                    approximate: index.approximate.stands(snapshot.generation),
                })
            })
            .await?)
    }
}

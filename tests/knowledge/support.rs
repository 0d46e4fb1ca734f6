//! A hospital of one test: a folder, a database, a knowledge base.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use jiff::civil::{Date, date};
use satubumi::{
    ai::{Embedder, Reranker},
    domain::ScoredPassage,
    knowledge::{IngestReport, KnowledgeBase, Options},
    store::Store,
};
use tempfile::TempDir;

/// The day of every search that does not say otherwise.
pub const TODAY: Date = date(2026, 11, 22);

pub struct Hospital {
    pub folder: TempDir,
    pub store: Store,
    pub knowledge: Arc<KnowledgeBase>,
}

impl Hospital {
    pub fn new() -> Result<Self> {
        Self::with(64, None, |_| {})
    }

    pub fn with(
        dimensions: usize,
        reranker: Option<Reranker>,
        change: impl FnOnce(&mut Options),
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir_all(folder.path().join("knowledge/documents"))?;
        let store = Store::open(&folder.path().join("data/satubumi.db"))?;
        let knowledge = open(&folder, store.clone(), dimensions, reranker, change)?;
        Ok(Self { folder, store, knowledge })
    }

    /// Another process's knowledge base on the same folder and database file.
    pub fn beside(&self, dimensions: usize, change: impl FnOnce(&mut Options)) -> Result<Arc<KnowledgeBase>> {
        let store = Store::open(self.store.path())?;
        open(&self.folder, store, dimensions, None, change)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("knowledge/documents").join(name)
    }

    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("data/hnsw")
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, content)?)
    }

    pub async fn ingest(&self) -> Result<IngestReport> {
        Ok(self.knowledge.ingest(&|_| {}).await?)
    }

    pub async fn search(&self, question: &str) -> Result<Vec<ScoredPassage>> {
        self.search_on(question, TODAY).await
    }

    pub async fn search_on(&self, question: &str, day: Date) -> Result<Vec<ScoredPassage>> {
        let embedding = self.knowledge.embed(question).await?;
        Ok(self.knowledge.search(question, &embedding, 10, day).await?.passages)
    }
}

fn open(
    folder: &TempDir,
    store: Store,
    dimensions: usize,
    reranker: Option<Reranker>,
    change: impl FnOnce(&mut Options),
) -> Result<Arc<KnowledgeBase>> {
    let mut options = Options::new(folder.path().join("knowledge"), folder.path().join("data/hnsw"));
    options.extractor = Some(env!("CARGO_BIN_EXE_satubumi").into());
    options.debounce = Duration::from_millis(20);
    options.quiet = Duration::ZERO;
    change(&mut options);
    let embedder = Arc::new(Embedder::scripted(dimensions));
    Ok(Arc::new(KnowledgeBase::open(store, embedder, reranker.map(Arc::new), options)?))
}

/// Waits until `done` holds; fails when it does not within a generous time.
pub async fn until<F: Future<Output = Result<bool>>>(what: &str, mut done: impl FnMut() -> F) -> Result<()> {
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, async {
        while !done().await? {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    })
    .await
    .unwrap_or_else(|_| anyhow::bail!("waited {patience:?} for: {what}"))
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

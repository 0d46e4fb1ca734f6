//! Bringing the index up to the folder: only what changed is read, one transaction a document.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::{
    KnowledgeBase, KnowledgeError,
    chunk::{Chunk, with_path},
    document::{DocumentError, SourceFile},
    extract::ExtractError,
    folder,
    lexical::passage_tokens,
};
use crate::{
    ai::AiError,
    domain::DocumentMeta,
    store::{
        StoreError,
        documents::{DocumentRow, NewDocument, documents, remove_document, replace_document},
        passages::NewPassage,
    },
};

/// Passages embedded at once: enough to fill the model, few enough that questions are not kept waiting.
const BATCH: usize = 16;

/// What one run found. Paths are within the knowledge folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// New documents.
    pub added: Vec<String>,
    /// Documents whose content (or whose embedder) changed.
    pub changed: Vec<String>,
    /// How many were as before.
    pub unchanged: usize,
    /// Documents whose file is gone.
    pub removed: Vec<String>,
    /// Documents that can't be used, and why, in words for staff.
    pub failed: Vec<(String, String)>,
}

impl IngestReport {
    /// Whether the index changed.
    pub fn is_change(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Files looked at.
    pub done: usize,
    /// Files there are.
    pub of: usize,
    /// The file that is being read now.
    pub path: &'a str,
}

/// Why one document was not indexed, and whether it is the document's fault.
enum Failure {
    /// The document's: its passages go (the old version no longer holds), and it is not read again until it changes.
    Lasting(String),
    /// The machine's or the model's: what was indexed stays, and the next run tries again.
    Passing(String),
}

impl KnowledgeBase {
    /// Brings the index up to the folder and reports. Searches go on meanwhile and see each document's old version or
    /// its new one. A document that can't be read is reported and skipped.
    ///
    /// # Errors
    /// When the folder can't be listed or the database refuses; what was done by then stays.
    pub async fn ingest(
        &self,
        progress: &(dyn Fn(Progress<'_>) + Send + Sync),
    ) -> Result<IngestReport, KnowledgeError> {
        let _one_at_a_time = self.ingesting.lock().await;
        let root = self.options.folder.clone();
        let listing = blocking(move || folder::list(&root))
            .await?
            .map_err(|(path, source)| KnowledgeError::Folder { path, source })?;
        let mut known: HashMap<String, DocumentRow> = self
            .store
            .read(|tx| Ok(documents(tx)?.into_iter().map(|row| (row.path.clone(), row)).collect()))
            .await?;
        let mut report = IngestReport { failed: listing.refused, ..IngestReport::default() };
        let of = listing.documents.len();
        for (done, (path, found)) in listing.documents.into_iter().enumerate() {
            progress(Progress { done, of, path: &path });
            let limit = self.options.limits.file_bytes;
            let file = {
                let path = path.clone();
                blocking(move || folder::read(&path, &found, limit)).await?
            };
            let before = known.remove(&path);
            match file {
                Ok(file) => self.bring_up(file, before, &mut report).await?,
                // A file that vanished between listing and reading is gone by the next run.
                Err(unread) => report.failed.push((path, unread.to_string())),
            }
            self.done.send_modify(|count| *count += 1);
        }
        for path in known.into_keys() {
            let gone = path.clone();
            self.store.write(move |tx| remove_document(tx, &gone)).await?;
            report.removed.push(path);
        }
        report.removed.sort_unstable();
        self.refresh().await?;
        self.done.send_modify(|count| *count += 1);
        Ok(report)
    }

    /// Reads the newest generation into memory, so that the next search need not.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn refresh(&self) -> Result<(), KnowledgeError> {
        let index = Arc::clone(&self.index);
        Ok(self
            .store
            .read(move |tx| {
                let snapshot = index.snapshots.of(tx)?;
                snapshot.vocabulary();
                index.approximate.keep_up(&index, &snapshot);
                Ok(())
            })
            .await?)
    }

    async fn bring_up(
        &self,
        file: SourceFile,
        before: Option<DocumentRow>,
        report: &mut IngestReport,
    ) -> Result<(), KnowledgeError> {
        let hash = file.hash();
        if let Some(before) = before.as_ref().filter(|before| before.hash == hash) {
            if let Some(error) = &before.error {
                report.failed.push((file.path, error.clone()));
                return Ok(());
            }
            if before.embedder == self.identity {
                report.unchanged += 1;
                return Ok(());
            }
        }
        match self.prepare(&file).await {
            Ok((meta, passages)) => {
                self.replace(file.path.clone(), hash, meta, Ok(passages)).await?;
                let list = if before.is_some() { &mut report.changed } else { &mut report.added };
                list.push(file.path);
            }
            Err(Failure::Lasting(why)) => {
                let title = before.map(|before| before.meta.title).unwrap_or_default();
                let meta = DocumentMeta { title, ..DocumentMeta::default() };
                self.replace(file.path.clone(), hash, meta, Err(why.clone())).await?;
                report.failed.push((file.path, why));
            }
            Err(Failure::Passing(why)) => {
                self.passing.lock().insert(file.path.clone(), (hash, why.clone()));
                report.failed.push((file.path, why));
            }
        }
        Ok(())
    }

    async fn prepare(&self, file: &SourceFile) -> Result<(DocumentMeta, Vec<NewPassage>), Failure> {
        let (meta, chunks) = file.read(&self.extractor).await?;
        let texts: Vec<Vec<String>> =
            chunks.iter().map(|chunk| embedded_texts(&meta.title, chunk, self.options.lines)).collect();
        let mut vectors = self.embed_all(texts.concat()).await?.into_iter();
        let passages = chunks
            .into_iter()
            .zip(texts)
            .map(|(chunk, texts)| NewPassage {
                tokens: passage_tokens(&meta.title, &chunk.headings, &chunk.text),
                vectors: vectors.by_ref().take(texts.len()).collect(),
                kind: chunk.kind,
                headings: chunk.headings,
                text: chunk.text,
            })
            .collect();
        Ok((meta, passages))
    }

    async fn embed_all(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, AiError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.embedder.embed_passages(batch.to_vec()).await?);
        }
        if vectors.len() != texts.len() {
            return Err(AiError::Inference(format!("{} vectors for {} texts", vectors.len(), texts.len())));
        }
        Ok(vectors)
    }

    async fn replace(
        &self,
        path: String,
        hash: [u8; 32],
        meta: DocumentMeta,
        content: Result<Vec<NewPassage>, String>,
    ) -> Result<i64, StoreError> {
        let embedder = self.identity.clone();
        self.store
            .write(move |tx| {
                let content = content.as_deref().map_err(String::as_str);
                let new = NewDocument { path: &path, hash: &hash, embedder: &embedder, meta: &meta, content };
                replace_document(tx, &new, Timestamp::now())
            })
            .await
    }
}

/// The passage under its path, then, where lines have vectors, each of its lines under the same path; a passage of one
/// line needs no second vector.
fn embedded_texts(title: &str, chunk: &Chunk, lines: bool) -> Vec<String> {
    let whole = with_path(title, &chunk.headings, &chunk.text);
    let several = lines && chunk.text.contains('\n');
    let lines = several.then(|| chunk.text.lines().map(|line| with_path(title, &chunk.headings, line)));
    std::iter::once(whole).chain(lines.into_iter().flatten()).collect()
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        match &error {
            DocumentError::Extract(extract) if extract.is_passing() => Self::Passing(error.to_string()),
            DocumentError::Extract(ExtractError::TooSlow { .. }) => {
                Self::Lasting(format!("{error}; change or split the file to have it tried again"))
            }
            _ => Self::Lasting(error.to_string()),
        }
    }
}

impl From<AiError> for Failure {
    fn from(error: AiError) -> Self {
        Self::Passing(error.to_string())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, KnowledgeError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(gone) => match gone.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(KnowledgeError::Cancelled),
        },
    }
}

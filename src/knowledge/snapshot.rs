//! The index in memory: of exactly one generation of the database.
//!
//! A search opens one read transaction, reads the generation there and asks for the snapshot of that generation. Where
//! the published one is another, the missing documents are read in the same transaction and the rest is shared, so a
//! search sees all of a document's old version or all of its new one, whoever wrote it: this process or another.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;
use jiff::civil::Date;
use rusqlite::Transaction;
use sha2::{Digest, Sha256};

use super::{
    bm25::{self, Postings},
    lexical::{QueryTerms, WordCounts, query_terms, word_counts},
};
use crate::{
    ai::dot,
    domain::{DocumentId, DocumentMeta, PassageId},
    language::Vocabulary,
    store::{
        StoreError,
        documents::{DocumentRow, documents, knowledge_generation},
        passages::{passage_ids, tokens, vectors},
    },
};

/// One version of a document.
#[derive(Debug)]
pub(super) struct IndexedDocument {
    pub id: DocumentId,
    /// The change that wrote it: with `id`, this version's name.
    pub generation: i64,
    pub path: String,
    pub meta: DocumentMeta,
    pub passages: Vec<PassageId>,
    /// One vector a passage, one after the other; none where another model made them.
    whole: Vec<f32>,
    /// The vectors of each passage's lines, one after the other; a passage of one line has none besides its own.
    lines: Vec<f32>,
    /// Where each passage's lines begin in `lines`, counted in vectors, and where the last one's end.
    line_starts: Vec<usize>,
    hash: Vec<u8>,
    postings: Postings,
    words: WordCounts,
}

/// A passage by its document's place and its own within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub document: u32,
    pub passage: u32,
}

#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub generation: i64,
    pub documents: Vec<Arc<IndexedDocument>>,
    dimensions: usize,
    /// Made when a question first holds a word that no document does.
    vocabulary: OnceLock<Vocabulary>,
    /// Documents that share title and department, by place: where more than one holds, the newest speaks.
    namesakes: Vec<Vec<usize>>,
}

impl Snapshot {
    /// Reads the generation that `tx` sees; what `known` already has is shared.
    fn read(
        tx: &Transaction<'_>,
        generation: i64,
        known: &Self,
        embedder: &str,
        dimensions: usize,
    ) -> Result<Self, StoreError> {
        let versions: HashMap<(DocumentId, i64), &Arc<IndexedDocument>> =
            known.documents.iter().map(|document| ((document.id, document.generation), document)).collect();
        let mut found = Vec::new();
        for row in documents(tx)?.into_iter().filter(|row| row.error.is_none()) {
            found.push(match versions.get(&(row.id, row.generation)) {
                Some(document) => Arc::clone(document),
                None => Arc::new(IndexedDocument::read(tx, row, embedder, dimensions)?),
            });
        }
        let mut by_name: HashMap<(String, Option<&str>), Vec<usize>> = HashMap::new();
        for (at, document) in found.iter().enumerate() {
            let name = document.meta.title.to_lowercase();
            by_name.entry((name, document.meta.department.as_deref())).or_default().push(at);
        }
        let namesakes = by_name.into_values().filter(|group| group.len() > 1).collect();
        Ok(Self { generation, documents: found, dimensions, vocabulary: OnceLock::new(), namesakes })
    }

    /// Which documents may speak on `day`: those that hold, less those that a newer one of the same title (and
    /// department) replaces. Newer is whose `valid-from` is later; the same day, or none at all, replaces nothing.
    pub fn speaking(&self, day: Date) -> Vec<bool> {
        let mut speaking: Vec<bool> =
            self.documents.iter().map(|document| document.meta.validity.holds_on(day)).collect();
        for group in &self.namesakes {
            let from = |at: &usize| self.documents[*at].meta.validity.from;
            let newest = group.iter().filter(|at| speaking[**at]).map(from).max().flatten();
            for at in group {
                speaking[*at] &= from(at) == newest;
            }
        }
        speaking
    }

    /// How many passages have a vector.
    pub fn rows(&self) -> usize {
        self.documents.iter().map(|document| document.whole.len() / self.dimensions.max(1)).sum()
    }

    /// Every passage's vector, in the order that numbers the rows of an approximate index.
    pub fn vectors(&self) -> impl Iterator<Item = (Place, &[f32])> {
        (0u32..).zip(&self.documents).flat_map(move |(at, document)| {
            (0u32..)
                .zip(document.whole.chunks_exact(self.dimensions.max(1)))
                .map(move |(passage, vector)| (Place { document: at, passage }, vector))
        })
    }

    /// The cosine of the question and a passage. Nothing if it has no vector of this model.
    pub fn cosine(&self, place: Place, question: &[f32]) -> Option<f32> {
        let document = self.documents.get(place.document as usize)?;
        let vector = document.whole.chunks_exact(self.dimensions.max(1)).nth(place.passage as usize)?;
        Some(dot(vector, question))
    }

    /// The cosine of the question and each line of a passage; none where the index holds none of its lines.
    pub fn line_cosines(&self, place: Place, question: &[f32]) -> Vec<f32> {
        let Some(document) = self.documents.get(place.document as usize) else { return Vec::new() };
        let at = place.passage as usize;
        let (Some(from), Some(to)) = (document.line_starts.get(at), document.line_starts.get(at + 1)) else {
            return Vec::new();
        };
        let vectors = document.lines.chunks_exact(self.dimensions.max(1)).skip(*from).take(to - from);
        vectors.map(|vector| dot(vector, question)).collect()
    }

    /// A question's words as the documents spell them.
    pub fn query(&self, question: &str) -> QueryTerms {
        let holds = |stem: &str| self.documents.iter().any(|document| document.postings.contains(stem));
        let mut terms = query_terms(question, holds, || self.vocabulary());
        terms.unheld = terms.stems.iter().filter(|stem| !holds(stem)).cloned().collect();
        terms
    }

    /// Every word of the documents, for typing errors.
    pub fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| {
            let mut counts: HashMap<&str, u32> = HashMap::new();
            for (word, count) in self.documents.iter().flat_map(|document| &document.words) {
                *counts.entry(word).or_default() += count;
            }
            Vocabulary::new(counts)
        })
    }

    /// The BM25 score of every passage for these stems, in the documents' order.
    pub fn lexical(&self, stems: &[String], heading_weight: f32) -> impl Iterator<Item = (Place, f32)> {
        let postings: Vec<&Postings> = self.documents.iter().map(|document| &document.postings).collect();
        let scores = bm25::scores(&postings, stems, heading_weight);
        let places = (0u32..).zip(&self.documents).flat_map(|(at, document)| {
            (0u32..).zip(&document.passages).map(move |(passage, _)| Place { document: at, passage })
        });
        places.zip(scores)
    }

    pub fn passage_id(&self, place: Place) -> Option<PassageId> {
        self.documents.get(place.document as usize)?.passages.get(place.passage as usize).copied()
    }

    /// What this generation's vectors are, whatever a restored database calls its generation.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for document in &self.documents {
            hash.update(document.id.0.to_le_bytes());
            hash.update(document.generation.to_le_bytes());
            hash.update((document.whole.len() as u64).to_le_bytes());
            hash.update(&document.hash);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl IndexedDocument {
    fn read(
        tx: &Transaction<'_>,
        row: DocumentRow,
        embedder: &str,
        dimensions: usize,
    ) -> Result<Self, StoreError> {
        let passages = passage_ids(tx, row.id)?;
        let tokens = tokens(tx, row.id)?;
        // Vectors of another model can't be compared with; until they are made anew the words alone find the document.
        let rows = if row.embedder == embedder { vectors(tx, row.id)? } else { Vec::new() };
        let fits = rows.iter().all(|row| row.vector.len() == dimensions)
            && rows.iter().filter(|row| row.part == 0).map(|row| row.passage).eq(passages.iter().copied());
        let mut document = Self {
            id: row.id,
            generation: row.generation,
            path: row.path,
            meta: row.meta,
            passages,
            whole: Vec::new(),
            lines: Vec::new(),
            line_starts: Vec::new(),
            hash: row.hash,
            postings: Postings::new(
                tokens.iter().map(|tokens| (tokens.heading.as_str(), tokens.body.as_str())),
            ),
            words: word_counts(tokens.iter().map(|tokens| tokens.words.as_str())),
        };
        if fits {
            for vector in &rows {
                if vector.part == 0 {
                    document.line_starts.push(document.lines.len() / dimensions.max(1));
                    document.whole.extend(&vector.vector);
                } else {
                    document.lines.extend(&vector.vector);
                }
            }
            document.line_starts.push(document.lines.len() / dimensions.max(1));
        }
        Ok(document)
    }
}

/// The published snapshot, and the way to the one that a transaction needs.
#[derive(Debug)]
pub(super) struct Snapshots {
    published: ArcSwap<Snapshot>,
    /// One reads at a time: the others then find what they need published.
    reading: parking_lot::Mutex<()>,
    embedder: String,
    dimensions: usize,
}

impl Snapshots {
    pub fn new(embedder: String, dimensions: usize) -> Self {
        let none = Snapshot { generation: -1, dimensions, ..Snapshot::default() };
        Self {
            published: ArcSwap::from_pointee(none),
            reading: parking_lot::Mutex::new(()),
            embedder,
            dimensions,
        }
    }

    /// The newest that was published; of any generation.
    pub fn newest(&self) -> Arc<Snapshot> {
        self.published.load_full()
    }

    /// The snapshot of the generation that `tx` sees.
    pub fn of(&self, tx: &Transaction<'_>) -> Result<Arc<Snapshot>, StoreError> {
        let generation = knowledge_generation(tx)?;
        let published = self.published.load_full();
        if published.generation == generation {
            return Ok(published);
        }
        let _reading = self.reading.lock();
        let published = self.published.load_full();
        if published.generation == generation {
            return Ok(published);
        }
        let read = Snapshot::read(tx, generation, &published, &self.embedder, self.dimensions)?;
        let read = Arc::new(read);
        if generation > published.generation {
            self.published.store(Arc::clone(&read));
        }
        Ok(read)
    }
}

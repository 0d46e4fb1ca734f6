//! What the hospital has written: documents, and the passages that answers rest on.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DocumentId, PassageId};

/// The days between which a document holds, both included; an open end is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
}

impl Validity {
    /// Whether `day` lies within.
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// What is known about a document besides its text: the front matter, or its side-car file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentMeta {
    /// The title that patients and staff see.
    pub title: String,
    /// The department that answers for it.
    pub department: Option<String>,
    /// Who read and released it.
    pub reviewer: Option<String>,
    /// When it holds.
    pub validity: Validity,
    /// Where its content comes from.
    pub source: Option<String>,
}

/// What kind of text a passage is; an answer quotes them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassageKind {
    /// Sentences and lists under a heading.
    Prose,
    /// Rows of a table, each with its header's words.
    Table,
}

/// One chunk of a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passage {
    /// Its row.
    pub id: PassageId,
    /// The document's row.
    pub document: DocumentId,
    /// The document's path within the knowledge folder, `/`-separated.
    pub path: String,
    /// The document's title.
    pub title: String,
    /// The headings above the passage, outermost first, without the title.
    pub headings: Vec<String>,
    /// Prose or table.
    pub kind: PassageKind,
    /// The words themselves: sentences and list items separated by newlines; a table has one line a row,
    /// `Header: value; Header: value`.
    pub text: String,
    /// When the document holds.
    pub validity: Validity,
}

/// A passage as a search found it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoredPassage {
    /// The passage.
    pub passage: Passage,
    /// The fused (or reranked) score; higher is better, comparable within one search only.
    pub score: f32,
    /// The fused score, also where a reranker gave another: about a cosine.
    pub fused: f32,
    /// Cosine of question and passage, −1..1.
    pub dense: f32,
    /// The lexical score (BM25 family), 0 or more.
    pub lexical: f32,
}

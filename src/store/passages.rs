//! Passages: their words, their vectors, and the full-text index over our own tokens.

use rusqlite::{OptionalExtension, Transaction, params};

use super::StoreError;
use crate::domain::{DocumentId, PassageId, PassageKind};

/// A passage, ready to be written with its document.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPassage {
    /// Prose or table.
    pub kind: PassageKind,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its words.
    pub text: String,
    /// What the full-text index holds of it.
    pub tokens: PassageTokens,
    /// Its vectors: the whole passage first, then each of its lines, if the index keeps them.
    pub vectors: Vec<Vec<f32>>,
}

/// The tokens of a passage, each list joined by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassageTokens {
    /// Stems of the document's title and of the headings.
    pub heading: String,
    /// Stems of the text.
    pub body: String,
    /// Both as they are spelled (normalised, not stemmed): the vocabulary for mending typing errors.
    pub words: String,
}

/// A stored passage without its document's particulars.
#[derive(Clone, Debug, PartialEq)]
pub struct PassageRow {
    /// Its row.
    pub id: PassageId,
    /// Prose or table.
    pub kind: PassageKind,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its words.
    pub text: String,
}

/// One vector of a passage.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorRow {
    /// The passage.
    pub passage: PassageId,
    /// 0 is the whole passage; then its lines, in order.
    pub part: u32,
    /// The embedding.
    pub vector: Vec<f32>,
}

/// Writes one passage with its tokens and vectors.
pub(super) fn insert_passage(
    tx: &Transaction<'_>,
    document: DocumentId,
    position: u32,
    new: &NewPassage,
) -> Result<(), StoreError> {
    let headings = serde_json::to_string(&new.headings)
        .map_err(|refused| StoreError::Unknown { what: format!("headings ({refused})") })?;
    let id: i64 = tx
        .prepare_cached(
            "INSERT INTO passages (document_id, position, kind, headings, text) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        )?
        .query_row(params![document.0, position, kind_name(new.kind), headings, new.text], |row| row.get(0))?;
    tx.prepare_cached("INSERT INTO passages_fts (rowid, heading, body, words) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, new.tokens.heading, new.tokens.body, new.tokens.words])?;
    let mut insert =
        tx.prepare_cached("INSERT INTO vectors (passage_id, part, vector) VALUES (?1, ?2, ?3)")?;
    for (part, vector) in (0u32..).zip(&new.vectors) {
        let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
        insert.execute(params![id, part, bytes])?;
    }
    Ok(())
}

/// The ids of a document's passages, in order.
///
/// # Errors
/// When SQLite refuses.
pub fn passage_ids(tx: &Transaction<'_>, document: DocumentId) -> Result<Vec<PassageId>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT id FROM passages WHERE document_id = ?1 ORDER BY position")?;
    let ids = statement.query_map([document.0], |row| Ok(PassageId(row.get(0)?)))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// A document's passages, by position.
///
/// # Errors
/// As [`passage`].
pub fn passages_of(tx: &Transaction<'_>, document: DocumentId) -> Result<Vec<PassageRow>, StoreError> {
    let mut found = Vec::new();
    for id in passage_ids(tx, document)? {
        found.extend(passage(tx, id)?);
    }
    Ok(found)
}

/// The vectors of a document's passages, by position and part.
///
/// # Errors
/// When SQLite refuses.
pub fn vectors(tx: &Transaction<'_>, document: DocumentId) -> Result<Vec<VectorRow>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT v.passage_id, v.part, v.vector FROM passages p JOIN vectors v ON v.passage_id = p.id
         WHERE p.document_id = ?1 ORDER BY p.position, v.part",
    )?;
    let mut rows = statement.query([document.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let (values, _) = bytes.as_chunks::<4>();
        found.push(VectorRow {
            passage: PassageId(row.get(0)?),
            part: row.get(1)?,
            vector: values.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        });
    }
    Ok(found)
}

/// One passage's words.
///
/// # Errors
/// When SQLite refuses or the row holds what this version does not know.
pub fn passage(tx: &Transaction<'_>, id: PassageId) -> Result<Option<PassageRow>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT kind, headings, text FROM passages WHERE id = ?1")?;
    let row = statement
        .query_row([id.0], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))
        .optional()?;
    let Some((kind, headings, text)) = row else { return Ok(None) };
    let kind = match kind.as_str() {
        "prose" => PassageKind::Prose,
        "table" => PassageKind::Table,
        _ => return Err(StoreError::Unknown { what: format!("a passage of kind {kind:?}") }),
    };
    let headings = serde_json::from_str(&headings)
        .map_err(|refused| StoreError::Unknown { what: format!("headings ({refused})") })?;
    Ok(Some(PassageRow { id, kind, headings, text }))
}

/// The passages that hold any of `stems`, best first by SQLite's own BM25 (k1 = 1.2, b = 0.75) with `heading_weight` for
/// the headings' column against 1 for the text's. Scores are positive, higher is better. Patients' questions are scored
/// in memory instead, which is held to this.
///
/// # Errors
/// When SQLite refuses.
pub fn lexical(
    tx: &Transaction<'_>,
    stems: &[String],
    heading_weight: f32,
    limit: u32,
) -> Result<Vec<(PassageId, f32)>, StoreError> {
    if stems.is_empty() {
        return Ok(Vec::new());
    }
    let any = stems.iter().map(|stem| quoted(stem)).collect::<Vec<_>>().join(" OR ");
    let mut statement = tx.prepare_cached(
        "SELECT rowid, -bm25(passages_fts, ?2, 1.0) AS score FROM passages_fts
         WHERE passages_fts MATCH ?1 ORDER BY score DESC, rowid LIMIT ?3",
    )?;
    let rows = statement.query_map(
        params![format!("{{heading body}} : ({any})"), f64::from(heading_weight), limit],
        |row| Ok((PassageId(row.get(0)?), row.get::<_, f64>(1)? as f32)),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The tokens of a document's passages, in order.
///
/// # Errors
/// When SQLite refuses.
pub fn tokens(tx: &Transaction<'_>, document: DocumentId) -> Result<Vec<PassageTokens>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT f.heading, f.body, f.words FROM passages p JOIN passages_fts f ON f.rowid = p.id
         WHERE p.document_id = ?1 ORDER BY p.position",
    )?;
    let rows = statement.query_map([document.0], |row| {
        Ok(PassageTokens { heading: row.get(0)?, body: row.get(1)?, words: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A token as an FTS5 string: nothing in it is an operator.
fn quoted(token: &str) -> String {
    format!("\"{}\"", token.replace('"', "\"\""))
}

fn kind_name(kind: PassageKind) -> &'static str {
    match kind {
        PassageKind::Prose => "prose",
        PassageKind::Table => "table",
    }
}

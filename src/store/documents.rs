//! Documents: one row a file of the knowledge folder. A document is replaced whole, and every change counts the
//! generation up in the same transaction, so that readers see the old version or the new one, never half.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    StoreError,
    passages::{NewPassage, insert_passage},
};
use crate::domain::{DocumentId, DocumentMeta, Validity};

/// One document's row.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentRow {
    /// Its row.
    pub id: DocumentId,
    /// The path within the knowledge folder, `/`-separated.
    pub path: String,
    /// What its bytes, its side-car's bytes and the pipeline's version hash to.
    pub hash: Vec<u8>,
    /// Why it has no passages, if it could not be read.
    pub error: Option<String>,
    /// Title, department, validity …
    pub meta: DocumentMeta,
    /// Whose vectors its passages carry.
    pub embedder: String,
    /// The change that wrote this version.
    pub generation: i64,
    /// When that was.
    pub indexed_at: Timestamp,
}

/// A version of a document, ready to be written.
#[derive(Clone, Debug)]
pub struct NewDocument<'a> {
    /// The path within the knowledge folder, `/`-separated.
    pub path: &'a str,
    /// See [`DocumentRow::hash`].
    pub hash: &'a [u8],
    /// Whose vectors the passages carry.
    pub embedder: &'a str,
    /// Title, department, validity …
    pub meta: &'a DocumentMeta,
    /// Its passages in order, or why there are none.
    pub content: Result<&'a [NewPassage], &'a str>,
}

const COLUMNS: &str = "id, path, hash, error, title, department, reviewer, valid_from, valid_until, source, embedder, \
                       generation, indexed_at";

/// How many changes were committed so far.
///
/// # Errors
/// When SQLite refuses.
pub fn knowledge_generation(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    Ok(tx
        .prepare_cached("SELECT generation FROM knowledge_state WHERE id = 1")?
        .query_row([], |row| row.get(0))?)
}

/// Every document, failed ones included, by id.
///
/// # Errors
/// When SQLite refuses or a row holds a date that is none.
pub fn documents(tx: &Transaction<'_>) -> Result<Vec<DocumentRow>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM documents ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(document(row)?);
    }
    Ok(found)
}

/// How many passages each document has; those without any are left out.
///
/// # Errors
/// When SQLite refuses.
pub fn passage_counts(tx: &Transaction<'_>) -> Result<HashMap<DocumentId, u32>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT document_id, count(*) FROM passages GROUP BY document_id")?;
    let counts = statement.query_map([], |row| Ok((DocumentId(row.get(0)?), row.get(1)?)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// The document at `path`.
///
/// # Errors
/// As [`documents`].
pub fn document_at(tx: &Transaction<'_>, path: &str) -> Result<Option<DocumentRow>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM documents WHERE path = ?1"))?;
    let mut rows = statement.query([path])?;
    rows.next()?.map(document).transpose()
}

/// Puts a new version in the place of the old one, if there is one: its passages, full text and vectors go, the new
/// ones come. Gives the new generation.
///
/// # Errors
/// When SQLite refuses; the caller's transaction rolls all of it back.
pub fn replace_document(
    tx: &Transaction<'_>,
    new: &NewDocument<'_>,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let generation = next_generation(tx)?;
    let old: Option<i64> =
        tx.query_row("SELECT id FROM documents WHERE path = ?1", [new.path], |row| row.get(0)).optional()?;
    if let Some(id) = old {
        tx.execute("DELETE FROM passages WHERE document_id = ?1", [id])?;
    }
    let id: i64 = tx.query_row(
        "INSERT INTO documents (path, hash, state, error, title, department, reviewer, valid_from, valid_until, source,
             embedder, generation, indexed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (path) DO UPDATE SET hash = excluded.hash, state = excluded.state, error = excluded.error,
             title = excluded.title, department = excluded.department, reviewer = excluded.reviewer,
             valid_from = excluded.valid_from, valid_until = excluded.valid_until, source = excluded.source,
             embedder = excluded.embedder, generation = excluded.generation, indexed_at = excluded.indexed_at
         RETURNING id",
        params![
            new.path,
            new.hash,
            if new.content.is_ok() { "indexed" } else { "failed" },
            new.content.err(),
            new.meta.title,
            new.meta.department,
            new.meta.reviewer,
            new.meta.validity.from.map(|day| day.to_string()),
            new.meta.validity.until.map(|day| day.to_string()),
            new.meta.source,
            new.embedder,
            generation,
            at.as_millisecond(),
        ],
        |row| row.get(0),
    )?;
    for (position, passage) in (0u32..).zip(new.content.unwrap_or_default()) {
        insert_passage(tx, DocumentId(id), position, passage)?;
    }
    Ok(generation)
}

/// Removes a document with all that belongs to it. Gives whether there was one.
///
/// # Errors
/// When SQLite refuses.
pub fn remove_document(tx: &Transaction<'_>, path: &str) -> Result<bool, StoreError> {
    // The passages first and by themselves: their trigger also empties the full-text index.
    tx.execute(
        "DELETE FROM passages WHERE document_id = (SELECT id FROM documents WHERE path = ?1)",
        [path],
    )?;
    let removed = tx.execute("DELETE FROM documents WHERE path = ?1", [path])? > 0;
    if removed {
        next_generation(tx)?;
    }
    Ok(removed)
}

fn next_generation(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    Ok(tx.query_row(
        "UPDATE knowledge_state SET generation = generation + 1 WHERE id = 1 RETURNING generation",
        [],
        |row| row.get(0),
    )?)
}

fn document(row: &Row<'_>) -> Result<DocumentRow, StoreError> {
    Ok(DocumentRow {
        id: DocumentId(row.get("id")?),
        path: row.get("path")?,
        hash: row.get("hash")?,
        error: row.get("error")?,
        meta: DocumentMeta {
            title: row.get("title")?,
            department: row.get("department")?,
            reviewer: row.get("reviewer")?,
            validity: Validity { from: date(row, "valid_from")?, until: date(row, "valid_until")? },
            source: row.get("source")?,
        },
        embedder: row.get("embedder")?,
        generation: row.get("generation")?,
        indexed_at: Timestamp::from_millisecond(row.get("indexed_at")?)
            .map_err(|_| StoreError::Unknown { what: "a document's time".into() })?,
    })
}

fn date(row: &Row<'_>, column: &str) -> Result<Option<Date>, StoreError> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|_| StoreError::Unknown { what: format!("the date {text:?}") }))
        .transpose()
}

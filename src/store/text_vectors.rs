//! Vectors of short texts by the text's hash: a cache, so that a start embeds only what was edited.

use rusqlite::{OptionalExtension, Transaction, params};

use super::StoreError;

/// The vectors that are known for these hashes, in their order.
///
/// # Errors
/// When the database refuses.
pub fn text_vectors(
    tx: &Transaction<'_>,
    embedder: &str,
    hashes: &[[u8; 32]],
) -> Result<Vec<Option<Vec<f32>>>, StoreError> {
    let mut find = tx.prepare_cached("SELECT vector FROM text_vectors WHERE hash = ?1 AND embedder = ?2")?;
    hashes
        .iter()
        .map(|hash| {
            let blob: Option<Vec<u8>> =
                find.query_row(params![hash, embedder], |row| row.get(0)).optional()?;
            Ok(blob.map(|blob| {
                blob.chunks_exact(4)
                    .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                    .collect()
            }))
        })
        .collect()
}

/// Keeps vectors.
///
/// # Errors
/// When the database refuses.
pub fn keep_text_vectors(
    tx: &Transaction<'_>,
    embedder: &str,
    vectors: &[([u8; 32], Vec<f32>)],
) -> Result<(), StoreError> {
    let mut keep = tx
        .prepare_cached("INSERT OR REPLACE INTO text_vectors (hash, embedder, vector) VALUES (?1, ?2, ?3)")?;
    for (hash, vector) in vectors {
        let blob: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
        keep.execute(params![hash, embedder, blob])?;
    }
    Ok(())
}

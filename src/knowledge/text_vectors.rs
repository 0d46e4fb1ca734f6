//! Vectors of the hospital's other texts (approved questions, red-flag examples), kept from one start to the next.

use sha2::{Digest, Sha256};

use super::{KnowledgeBase, KnowledgeError};
use crate::store::text_vectors::{keep_text_vectors, text_vectors};

/// Texts embedded at once.
const BATCH: usize = 32;

impl KnowledgeBase {
    /// The vectors of texts, as questions, in their order. What was embedded before by the same model is read back.
    ///
    /// # Errors
    /// When the database refuses or the embedder fails.
    pub async fn embed_cached(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, KnowledgeError> {
        let hashes: Vec<[u8; 32]> = texts.iter().map(|text| Sha256::digest(text.as_bytes()).into()).collect();
        let (embedder, wanted) = (self.identity.clone(), hashes.clone());
        let mut vectors = self.store.read(move |tx| text_vectors(tx, &embedder, &wanted)).await?;
        let missing: Vec<usize> = (0..texts.len()).filter(|&at| vectors[at].is_none()).collect();
        let mut made = Vec::with_capacity(missing.len());
        for batch in missing.chunks(BATCH) {
            let batch_texts = batch.iter().map(|&at| texts[at].clone()).collect();
            for (&at, vector) in batch.iter().zip(self.embedder.embed_queries(batch_texts).await?) {
                made.push((hashes[at], vector.clone()));
                vectors[at] = Some(vector);
            }
        }
        if !made.is_empty() {
            let embedder = self.identity.clone();
            self.store.write(move |tx| keep_text_vectors(tx, &embedder, &made)).await?;
        }
        Ok(vectors.into_iter().flatten().collect())
    }
}

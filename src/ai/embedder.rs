//! Texts to vectors: what the hospital's documents and the patients' questions are compared by.

use std::hash::{DefaultHasher, Hash, Hasher};

use candle_core::{Device, Tensor};

use super::AiError;
use super::encoder::LocalEmbedder;

pub use super::encoder::{EmbedderOptions, Pooling};

/// Which model a vector comes from. Vectors of different identities must never be compared; an index keeps the
/// identity it was built with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmbedderIdentity {
    /// The model's name.
    pub model: String,
    /// The exact weights: a hash or a hub commit.
    pub revision: String,
    /// Length of every vector.
    pub dimensions: usize,
}

/// Makes one L2-normalised vector of a text, so that a dot product is the cosine.
pub enum Embedder {
    /// A model in this process.
    Local(LocalEmbedder),
    /// No model: words hashed to directions. Deterministic, for tests of the rooms around it.
    Scripted(ScriptedEmbedder),
}

impl Embedder {
    /// Loads the model of `options` on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when the folder's files are missing, damaged or of another architecture.
    pub async fn local(options: EmbedderOptions) -> Result<Self, AiError> {
        Ok(Self::Local(LocalEmbedder::start(options).await?))
    }

    /// An embedder without a model: texts that share words are near each other.
    pub fn scripted(dimensions: usize) -> Self {
        let identity = EmbedderIdentity { model: "scripted".into(), revision: "1".into(), dimensions };
        Self::Scripted(ScriptedEmbedder { identity })
    }

    /// Which vectors this makes.
    pub fn identity(&self) -> &EmbedderIdentity {
        match self {
            Self::Local(local) => local.identity(),
            Self::Scripted(scripted) => &scripted.identity,
        }
    }

    /// Whether a text can be embedded now (a model that panicked is being rebuilt).
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Local(local) => local.is_ready(),
            Self::Scripted(_) => true,
        }
    }

    /// The vector of a question, ahead of all passages that wait. Texts beyond the model's length are cut off.
    ///
    /// # Errors
    /// [`AiError::Busy`] when too many wait already; else what the model's thread met.
    pub async fn embed_query(&self, text: &str) -> Result<Vec<f32>, AiError> {
        let vectors = self.embed_queries(vec![text.to_owned()]).await?;
        vectors.into_iter().next().ok_or_else(|| AiError::Inference("no vector for the query".into()))
    }

    /// The vectors of several questions, in order, as urgent as one.
    ///
    /// # Errors
    /// As [`Embedder::embed_query`].
    pub async fn embed_queries(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, AiError> {
        match self {
            Self::Local(local) => local.embed_queries(texts).await,
            Self::Scripted(scripted) => Ok(texts.iter().map(|text| scripted.embed(text)).collect()),
        }
    }

    /// The vectors of passages, in order, in small steps between which questions are served.
    ///
    /// # Errors
    /// As [`Embedder::embed_query`].
    pub async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, AiError> {
        match self {
            Self::Local(local) => local.embed_passages(texts).await,
            Self::Scripted(scripted) => Ok(texts.iter().map(|text| scripted.embed(text)).collect()),
        }
    }
}

/// See [`Embedder::scripted`].
pub struct ScriptedEmbedder {
    identity: EmbedderIdentity,
}

impl ScriptedEmbedder {
    /// The normalised sum of one pseudo-random unit direction a distinct word; `[1, 0, …]` for a text without words.
    fn embed(&self, text: &str) -> Vec<f32> {
        let mut words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words.sort_unstable();
        words.dedup();
        let mut vector = vec![0f32; self.identity.dimensions];
        for word in &words {
            for (axis, value) in vector.iter_mut().enumerate() {
                let mut hasher = DefaultHasher::new();
                (word, axis).hash(&mut hasher);
                *value += (hasher.finish() >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
            }
        }
        normalise(&mut vector);
        vector
    }
}

/// Independent sums, so that the compiler can keep them in vector registers.
const LANES: usize = 16;

/// The dot product; the cosine, for vectors of length one.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The dot products of every two of n vectors of one length, n × n, row by row.
///
/// # Errors
/// [`AiError::Inference`] when the lengths differ.
pub fn dots(vectors: &[Vec<f32>]) -> Result<Vec<f32>, AiError> {
    let Some(first) = vectors.first() else { return Ok(Vec::new()) };
    let matrix = Tensor::from_vec(vectors.concat(), (vectors.len(), first.len()), &Device::Cpu)?;
    Ok(matrix.matmul(&matrix.t()?)?.flatten_all()?.to_vec1()?)
}

/// Scales `vector` to length 1; a zero vector becomes the first axis, so that cosines stay finite.
pub(super) fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > f32::MIN_POSITIVE {
        vector.iter_mut().for_each(|v| *v /= length);
    } else if let Some((first, rest)) = vector.split_first_mut() {
        *first = 1.0;
        rest.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_is_the_dot_product_at_every_length() {
        for length in [0, 1, 15, 16, 17, 384] {
            let a: Vec<f32> = (0..length).map(|i| (i as f32 * 0.37).sin()).collect();
            let b: Vec<f32> = (0..length).map(|i| (i as f32 * 0.11).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((f64::from(dot(&a, &b)) - plain).abs() < 1e-4, "{length}");
        }
    }

    #[tokio::test]
    async fn scripted_vectors_are_unit_and_near_when_words_are_shared() {
        let embedder = Embedder::scripted(64);
        let passages = vec!["Jam buka poli gigi".to_owned(), "Biaya rawat inap".to_owned(), String::new()];
        let passages = embedder.embed_passages(passages).await.unwrap();
        let query = embedder.embed_query("poli gigi buka?").await.unwrap();
        assert!(dot(&query, &passages[0]) > dot(&query, &passages[1]) + 0.3);
        for vector in passages.iter().chain([&query]) {
            assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
        }
    }
}

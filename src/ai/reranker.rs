//! A question and passages to scores: reads both together, so it ranks better than comparing vectors, and slower.

use std::collections::BTreeSet;

use super::AiError;
use super::encoder::LocalReranker;

pub use super::encoder::RerankerOptions;

/// Scores how well each passage answers a question.
pub enum Reranker {
    /// A cross-encoder in this process.
    Local(LocalReranker),
    /// No model: shared words are counted. Deterministic, for tests of the rooms around it.
    Scripted,
}

impl Reranker {
    /// Loads the model of `options` on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when the folder's files are missing, damaged or of another architecture.
    pub async fn local(options: RerankerOptions) -> Result<Self, AiError> {
        Ok(Self::Local(LocalReranker::start(options).await?))
    }

    /// Whether passages can be scored now.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Local(local) => local.is_ready(),
            Self::Scripted => true,
        }
    }

    /// One logit a passage, in order: any real number, higher is better, 0 is "as likely as not". A pair beyond the
    /// model's length has its passage cut off.
    ///
    /// # Errors
    /// [`AiError::Busy`] when too many wait already; else what the model's thread met.
    pub async fn score(&self, query: &str, passages: Vec<String>) -> Result<Vec<f32>, AiError> {
        match self {
            Self::Local(local) => local.score(query, passages).await,
            Self::Scripted => Ok(passages.iter().map(|passage| shared_words(query, passage)).collect()),
        }
    }
}

/// The logit of the share of the question's distinct words that the passage holds, kept within ±4.
fn shared_words(query: &str, passage: &str) -> f32 {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (query, passage) = (words(query), words(passage));
    let share = query.intersection(&passage).count() as f32 / query.len().max(1) as f32;
    let share = share.clamp(0.018, 0.982);
    (share / (1.0 - share)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn scripted_scores_follow_shared_words() {
        let passages = vec!["Poli gigi buka jam 08.00".to_owned(), "Biaya rawat inap".to_owned()];
        let scores = Reranker::Scripted.score("poli gigi buka?", passages).await.unwrap();
        assert!(scores[0] > 3.9 && scores[1] < -3.9, "{scores:?}");
    }
}

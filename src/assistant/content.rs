//! What the hospital edits beside its documents: replies, approved answers, red flags. Read together, replaced
//! together: a question sees the old files or the new ones.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{AssistantError, approved::ApprovedAnswers, replies::Replies, triage::Triage};
use crate::knowledge::KnowledgeBase;

/// One reading of the files.
pub struct Content {
    /// Fixed texts.
    pub replies: Replies,
    /// Released answers.
    pub approved: ApprovedAnswers,
    /// Red flags.
    pub triage: Triage,
}

impl Content {
    /// Reads everything and embeds what is compared by meaning; vectors come from the knowledge base's cache where
    /// the text is unchanged, so that only edited lines cost time.
    ///
    /// # Errors
    /// The first file that does not fit, by name.
    pub async fn load(knowledge_dir: &Path, knowledge: &KnowledgeBase) -> Result<Self, AssistantError> {
        let replies = Replies::load(knowledge_dir)?;
        let approved = ApprovedAnswers::load(knowledge_dir)?;
        let triage = Triage::load(&knowledge_dir.join("triage"))?.with_questions(approved.questions());
        let vectors = knowledge.embed_cached(approved.questions()).await?;
        let approved = approved.with_vectors(vectors);
        let vectors = knowledge
            .embed_cached(triage.examples().iter().map(|example| example.text.clone()).collect())
            .await?;
        let triage = triage.with_example_vectors(vectors)?;
        Ok(Self { replies, approved, triage })
    }
}

/// The files that [`Content::load`] reads, with their lengths and times: another value means that one was edited.
pub fn state_of_files(knowledge_dir: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    ["replies", "approved", "triage"]
        .iter()
        .filter_map(|folder| super::toml_files(&knowledge_dir.join(folder)).ok())
        .flatten()
        .filter_map(|path| {
            let metadata = path.metadata().ok()?;
            Some((path, metadata.len(), metadata.modified().ok()))
        })
        .collect()
}

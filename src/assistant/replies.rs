//! The hospital's fixed texts: `knowledge/replies/{id,en}.toml`, one key a situation, the same keys in both.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use super::AssistantError;
use crate::domain::Language;

/// The texts of one language. Every field is a key of the file; a missing or unknown key is an error, since a
/// patient would otherwise meet an empty message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyTexts {
    /// To a greeting alone.
    pub greeting: String,
    /// To thanks.
    pub thanks: String,
    /// To a goodbye.
    pub goodbye: String,
    /// Ahead of the first answer: a machine answers, what is kept, STOP, how to reach a human.
    pub consent_notice: String,
    /// The documents hold no sure answer.
    pub handed_over: String,
    /// Safety, dose, diagnosis, permission: a clinician must answer.
    pub handed_over_medical: String,
    /// Ahead of a quotation.
    pub quoted_intro: String,
    /// Ahead of what lies nearest, after [`Self::handed_over`].
    pub related_intro: String,
    /// After a quotation that touches on safety, dose or diagnosis.
    pub quoted_outro_medical: String,
    /// The patient asked for a human.
    pub human_requested: String,
    /// After what is left to staff while none is there.
    pub closed_hours: String,
    /// A medical emergency.
    pub emergency: String,
    /// Thoughts of suicide or self-harm.
    pub emergency_mental: String,
    /// Poisoning.
    pub emergency_poisoning: String,
    /// Pregnancy and birth.
    pub emergency_pregnancy: String,
    /// Violence, sexual assault.
    pub emergency_violence: String,
    /// After STOP.
    pub stopped: String,
    /// After MULAI / START.
    pub started: String,
    /// Something failed inside.
    pub fallback: String,
    /// A kind of message that can't be read.
    pub unsupported: String,
    /// Too long a message.
    pub too_long: String,
    /// Nothing that could be a question.
    pub ask_clarify: String,
}

impl ReplyTexts {
    /// Reads one language's file; `path` is what an error names.
    ///
    /// # Errors
    /// When it is not TOML, lacks a key, has one too many or an empty text.
    pub fn parse(path: &Path, text: &str) -> Result<Self, AssistantError> {
        let every: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| AssistantError::file(path, error.message()))?;
        if let Some((key, _)) = every.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(AssistantError::file(path, &format!("`{key}` is empty")));
        }
        toml::from_str(text).map_err(|error| AssistantError::file(path, error.message()))
    }
}

/// Both languages.
#[derive(Clone, Debug)]
pub struct Replies {
    id: ReplyTexts,
    en: ReplyTexts,
}

impl Replies {
    /// Reads `replies/id.toml` and `replies/en.toml` of the knowledge folder.
    ///
    /// # Errors
    /// When a file is missing, is not TOML, lacks a key, has one too many or an empty text.
    pub fn load(knowledge_dir: &Path) -> Result<Self, AssistantError> {
        let read = |language: Language| -> Result<ReplyTexts, AssistantError> {
            let path = knowledge_dir.join("replies").join(format!("{}.toml", language.code()));
            ReplyTexts::parse(&path, &super::read_file(&path)?)
        };
        Ok(Self { id: read(Language::Id)?, en: read(Language::En)? })
    }

    /// The texts of a language.
    pub fn of(&self, language: Language) -> &ReplyTexts {
        match language {
            Language::Id => &self.id,
            Language::En => &self.en,
        }
    }
}

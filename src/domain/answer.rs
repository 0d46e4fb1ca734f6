//! What the assistant gives back for one question.

use serde::{Deserialize, Serialize};

use super::Language;

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Composed from passages, and every sentence found support.
    Answered,
    /// An approved answer, sent as it stands.
    Approved,
    /// The passages' own words.
    Quoted,
    /// Staff will answer; the patient was told so.
    HandedOver,
    /// A red flag: the hospital's fixed text, and an alarm.
    Emergency,
    /// A fixed reply to a greeting, thanks, STOP, MULAI.
    SmallTalk,
    /// The bot is off for this conversation; nothing was said.
    BotOff,
    /// Something failed inside; the fixed fallback was said and staff flagged.
    Fallback,
    /// It needs no reply: a reaction, an edit, a voice note after the first. Staff see it.
    Noted,
}

impl Outcome {
    /// Every outcome, in the order of the API's documentation.
    pub const ALL: [Self; 9] = [
        Self::Answered,
        Self::Approved,
        Self::Quoted,
        Self::HandedOver,
        Self::Emergency,
        Self::SmallTalk,
        Self::BotOff,
        Self::Fallback,
        Self::Noted,
    ];

    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Approved => "approved",
            Self::Quoted => "quoted",
            Self::HandedOver => "handed_over",
            Self::Emergency => "emergency",
            Self::SmallTalk => "small_talk",
            Self::BotOff => "bot_off",
            Self::Fallback => "fallback",
            Self::Noted => "noted",
        }
    }
}

/// What a passage-backed answer rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The document's path within the knowledge folder.
    pub document: String,
    /// The document's title.
    pub title: String,
    /// The passage's text, whole.
    pub passage: String,
    /// The search's score.
    pub score: f32,
}

/// Why staff should look at a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A red flag was found.
    Emergency,
    /// The documents hold no sure answer.
    NotFound,
    /// A question of safety, dose, diagnosis or permission: a clinician must answer.
    Medical,
    /// The patient asked for a human.
    HumanRequested,
    /// Something failed inside.
    Failure,
    /// Something came that the assistant can't read: a voice note, a picture, a file.
    NotText,
    /// A reply could not be brought to the patient.
    NotDelivered,
    /// The other side answers like a machine; the bot was switched off.
    Loop,
}

impl Flag {
    /// Every reason, in the order of the API's documentation.
    pub const ALL: [Self; 8] = [
        Self::Emergency,
        Self::NotFound,
        Self::Medical,
        Self::HumanRequested,
        Self::Failure,
        Self::NotText,
        Self::NotDelivered,
        Self::Loop,
    ];

    /// The word that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::NotFound => "not_found",
            Self::Medical => "medical",
            Self::HumanRequested => "human_requested",
            Self::Failure => "failure",
            Self::NotText => "not_text",
            Self::NotDelivered => "not_delivered",
            Self::Loop => "loop",
        }
    }
}

/// What a message asks of the conversation itself, beside any answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// STOP: the assistant falls silent.
    Stop,
    /// MULAI / START: the assistant answers again.
    Start,
}

/// What the model wrote and the grounding refused; for staff only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The model's text.
    pub text: String,
    /// Why it was refused, in English, without patient data.
    pub reasons: Vec<String>,
}

/// Milliseconds spent in each step; 0 where a step was not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Red-flag rules and similarity.
    pub triage: f64,
    /// Small talk and approved answers.
    pub approved: f64,
    /// The question's embedding.
    pub embed: f64,
    /// Dense and lexical search, fusion, reranking.
    pub search: f64,
    /// Reading the best passages word by word.
    #[serde(default)]
    pub read: f64,
    /// Choosing what to quote, or the generator.
    pub compose: f64,
    /// Checking what was composed.
    pub ground: f64,
    /// The whole way, the waiting included.
    pub total: f64,
}

/// The assistant's answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What the patient reads; empty only for [`Outcome::BotOff`].
    pub text: String,
    /// How it came about.
    pub outcome: Outcome,
    /// The language of `text`.
    pub language: Language,
    /// What it rests on, best first; empty for fixed replies.
    pub sources: Vec<Source>,
    /// Why staff should look, if they should.
    pub flag: Option<Flag>,
    /// What the message asks of the conversation itself.
    pub intent: Option<Intent>,
    /// Where the time went.
    pub timings: Timings,
    /// What the model wrote, if it was refused.
    pub rejected: Option<Rejected>,
}

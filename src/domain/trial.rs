//! A question that staff try out, with everything that the answer came from.

use super::{Answer, ScoredPassage};

/// What the assistant makes of a question, step by step. A step that was not reached says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What a patient would read.
    pub answer: Answer,
    /// The red flag that was found.
    pub red_flag: Option<RedFlag>,
    /// The approved answer that lies nearest, given or not.
    pub approved: Option<NearApproved>,
    /// The passages, best first.
    pub passages: Vec<TriedPassage>,
    /// Whether the answer was looked for in them; else they are only shown.
    pub passages_count: bool,
    /// How likely they hold the answer, 0..=1; where there are any.
    pub answerability: Option<f32>,
    /// From which of these on a question is answered, and from which on passages are shown beside a hand-over.
    pub thresholds: Thresholds,
    /// Whether only a clinician may answer: safety, dose, diagnosis, permission.
    pub is_medical: bool,
    /// Whether one patient's own case is asked about.
    pub is_own_case: bool,
    /// Whether it names a doctor that no document does.
    pub names_unknown_doctor: bool,
}

impl Trial {
    /// One of which only the answer is known.
    pub fn of(answer: Answer) -> Self {
        Self {
            answer,
            red_flag: None,
            approved: None,
            passages: Vec::new(),
            passages_count: false,
            answerability: None,
            thresholds: Thresholds::default(),
            is_medical: false,
            is_own_case: false,
            names_unknown_doctor: false,
        }
    }
}

/// A rule that saw a red flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedFlag {
    /// The rule's id.
    pub rule: String,
    /// What staff call it.
    pub name: String,
    /// Whether it was found by its meaning, since no rule's words were there.
    pub by_meaning: bool,
}

/// The approved answer nearest to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct NearApproved {
    /// Its id.
    pub id: String,
    /// Which of its questions.
    pub question: String,
    /// The cosine of both.
    pub cosine: f32,
    /// Whether it was given, or would be: the words agree, too.
    pub is_given: bool,
}

/// A passage as it was found and read.
#[derive(Clone, Debug, PartialEq)]
pub struct TriedPassage {
    /// As the search found it.
    pub found: ScoredPassage,
    /// How likely it answers, as the reader's logit.
    pub answers: f32,
    /// Both together, by which they are put in order.
    pub rank: f32,
}

/// Where the assistant draws its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// From here a question is answered from the passages.
    pub answerable: f32,
    /// From here they are shown beside a hand-over.
    pub related: f32,
    /// From this cosine on an approved answer may be given.
    pub approved: f32,
}

//! A question and passages to the lines that answer it: reads both together, so it tells "poli gigi hari Rabu" from
//! "poli mata hari Rabu", and a passage that answers from one that merely speaks of the same.

use std::collections::BTreeSet;

use super::AiError;
use super::encoder::LocalReader;

pub use super::encoder::ReaderOptions;

/// A passage as a reader takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassageText {
    /// Where it stands: the document's title and the headings above it.
    pub path: String,
    /// Its lines, each a sentence or a table's row.
    pub lines: Vec<String>,
}

/// What a reader makes of one passage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// How likely it is that the passage answers the question, as a logit.
    pub answers: f32,
    /// How likely it is of each line, as a logit. [`UNREAD`] for a line beyond the model's length.
    pub lines: Vec<f32>,
}

/// The logit of a line that was not read.
pub const UNREAD: f32 = -20.0;

/// Says which passages, and which of their lines, answer a question.
pub enum Reader {
    /// A model in this process.
    Local(LocalReader),
    /// No model: shared words are counted. Deterministic, for tests of the rooms around it.
    Scripted,
}

impl Reader {
    /// Loads the model of `options` on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when its files are missing, damaged, of another architecture, or not the weights that it was
    /// trained on.
    pub async fn local(options: ReaderOptions) -> Result<Self, AiError> {
        Ok(Self::Local(LocalReader::start(options).await?))
    }

    /// Whether passages can be read now.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Local(local) => local.is_ready(),
            Self::Scripted => true,
        }
    }

    /// One reading a passage, in order. A pair beyond the model's length has its passage cut off.
    ///
    /// # Errors
    /// [`AiError::Busy`] when too many wait already; else what the model's thread met.
    pub async fn read(&self, question: &str, passages: Vec<PassageText>) -> Result<Vec<Reading>, AiError> {
        match self {
            Self::Local(local) => local.read(question, passages).await,
            Self::Scripted => Ok(passages.iter().map(|passage| scripted(question, passage)).collect()),
        }
    }
}

/// Logits of the share of the question's distinct words that a line holds, the path's words counted with each, kept
/// within ±4; a passage answers as well as its best line.
fn scripted(question: &str, passage: &PassageText) -> Reading {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let asked = words(question);
    let above = words(&passage.path);
    let logit = |line: &String| {
        let held = words(line);
        let found = asked.iter().filter(|word| held.contains(*word) || above.contains(*word)).count();
        let share = (found as f32 / asked.len().max(1) as f32).clamp(0.018, 0.982);
        (share / (1.0 - share)).ln()
    };
    let lines: Vec<f32> = passage.lines.iter().map(logit).collect();
    Reading { answers: lines.iter().copied().fold(UNREAD, f32::max), lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn scripted_readings_follow_shared_words() {
        let passage = PassageText {
            path: "Poli gigi".to_owned(),
            lines: vec!["Buka jam 08.00".to_owned(), "Biaya rawat inap".to_owned()],
        };
        let readings = Reader::Scripted.read("poli gigi buka?", vec![passage]).await.unwrap();
        assert!(readings[0].lines[0] > 3.9 && readings[0].lines[1] < 1.0, "{readings:?}");
        assert_eq!(readings[0].answers, readings[0].lines[0]);
    }
}

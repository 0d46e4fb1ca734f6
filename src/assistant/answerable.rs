//! Do the passages hold the answer at all?

use super::compose::quote::Quotation;
use crate::knowledge::SearchResult;

/// Score from which a question is answered from the passages.
pub const ANSWERABLE: f32 = 0.5;

/// How likely the passages hold the answer, 0..=1.
pub fn answerability(_question: &str, found: &SearchResult, quotation: Option<&Quotation>) -> f32 {
    let Some(quotation) = quotation else { return 0.0 };
    let near = found.passages.first().map_or(0.0, |best| ((best.dense - 0.75) / 0.2).clamp(0.0, 1.0));
    0.5 * near + 0.5 * quotation.coverage
}

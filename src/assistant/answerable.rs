//! Do the passages hold the answer at all?
//!
//! Nobody can tell from the search's scores: something is always nearest. Two signs of the best line together tell
//! most of what can be told without a stronger model: how well it meets each of the question's words in meaning
//! ([`Signs::alignment`]), and which share of them it holds ([`Signs::coverage`]). They are joined by a logistic function
//! whose three numbers were fitted (ridge .01) on the tuning half of the sample hospital's evaluation, 93 answerable and
//! 21 unanswerable questions. Area under the ROC curve there .94, on the other half .79: words that the documents spell
//! in another way weigh heavily, so a hospital gains by adding its patients' words to its documents.
//!
//! Tried besides and left out, AUROC on the same tuning half: the passage's cosine .69, its fused score .74, the worst
//! single word .77; 28 signs fitted on 603 questions of IDK-MRC .83; asking the default generator "ya atau tidak?" about
//! each of the two best passages .78 (103 questions, 2 to 5 s each), and joined to the others no gain.
//!
//! The numbers are those of multilingual-e5-small's cosines: another embedder needs its own.

use serde::Serialize;

use super::compose::quote::Quotation;
use crate::{
    knowledge::QueryTerms,
    language::{TokenKind, is_stopword, normalize, search_stem},
};

/// From here a question is answered from the passages. Found on the tuning half: the lowest value at which two of its 21
/// unanswerable questions are answered anyway (the target is one in ten).
pub const ANSWERABLE: f32 = 0.77;
/// From here the passages are shown beside a hand-over, as what lies nearest: 89 of the tuning half's 93 answerable
/// questions reach it, and 7 of its 21 unanswerable ones.
pub const RELATED: f32 = 0.5;

/// What speaks for an answer being there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Signs {
    /// How well the best line, with its headings, meets the question's words: a cosine.
    pub alignment: f32,
    /// Share of the question's words that the best line and its headings hold, 0..=1.
    pub coverage: f32,
}

impl Signs {
    /// The signs of a quotation's best line.
    pub fn of(quotation: &Quotation) -> Self {
        Self { alignment: quotation.best.alignment, coverage: quotation.best.coverage }
    }

    /// How likely the passages hold the answer, 0..=1.
    pub fn answerability(self) -> f32 {
        let logit = 11.74 * self.alignment + 6.62 * self.coverage - 10.49;
        1.0 / (1.0 + (-logit).exp())
    }
}

/// Whether a doctor or a kind of doctor is asked for that no document names: "dr. Andi", "dokter paru". Another doctor's
/// hours are the nearest line then, and all of its other words fit.
pub fn names_unknown_doctor(question: &str, terms: &QueryTerms) -> bool {
    let words = normalize(question);
    // "dr" is also short for "dari".
    let practises = words.iter().any(|word| {
        matches!(&*word.text, "praktik" | "jadwal" | "poli" | "poliklinik" | "spesialis" | "konsultasi")
    });
    words.windows(2).any(|pair| {
        let typed = question[pair[0].start..pair[0].end].to_lowercase();
        let titled = match typed.as_str() {
            "dr" => practises,
            "drg" => true,
            _ => pair[0].text == "dokter",
        };
        titled
            && pair[1].kind == TokenKind::Word
            && !is_stopword(&pair[1].text)
            && terms.unheld.iter().any(|stem| *stem == search_stem(&pair[1].text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doctor_that_no_document_names_is_noticed() {
        let terms = |unheld: &str| QueryTerms { unheld: vec![unheld.to_owned()], ..QueryTerms::default() };
        assert!(names_unknown_doctor("dr andi sp.og praktek hari apa aja min", &terms("andi")));
        assert!(names_unknown_doctor("dokter paru ada hari apa", &terms("paru")));
        assert!(!names_unknown_doctor("dokter gigi ada hari apa", &terms("paru")));
        assert!(!names_unknown_doctor("ibu sy dr cikampek mau rawat inap", &terms("cikampek")));
    }

    #[test]
    fn a_line_that_meets_every_word_answers_and_one_that_lacks_the_subject_does_not() {
        let answers = Signs { alignment: 0.90, coverage: 1.0 }.answerability();
        let nearby = Signs { alignment: 0.86, coverage: 0.1 }.answerability();
        let elsewhere = Signs { alignment: 0.78, coverage: 0.0 }.answerability();
        assert!(answers > ANSWERABLE && nearby < ANSWERABLE && nearby > elsewhere && elsewhere < RELATED);
    }
}

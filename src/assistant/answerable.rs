//! Do the passages hold the answer at all?
//!
//! Nobody can tell from the search's scores: something is always nearest. The [reader](super::reading) can, and the search
//! helps it: both are joined by a logistic function whose three numbers were fitted (ridge .01) on 494 questions, 301 of
//! them answerable: the tuning half of the sample hospital's evaluation, and two facilities that the reader was not
//! trained on, whose unanswerable questions are near misses throughout (`training/held-out`). Area under the ROC curve
//! on the three: .95, .75, .76; by the reader alone .94, .75, .76. The logit of the best line, the best passage's and the
//! number of words add nothing.
//!
//! Tried before the reader was trained and left out, AUROC on the same tuning half: the passage's cosine .69, its fused
//! score .74; asking the default generator "ya atau tidak?" about each of the two best passages .78 (2 to 5 s each).

use super::reading::ReadPassage;
use crate::{
    knowledge::QueryTerms,
    language::{TokenKind, is_stopword, normalize, search_stem},
};

/// From here a question is answered from the passages: as likely as not, on questions of which four in ten have no answer.
/// Of the tuning half's 93 answerable questions 84 reach it, of its 21 unanswerable ones 3, two of which [`super::own_case`] and
/// [`names_unknown_doctor`] hold back.
pub const ANSWERABLE: f32 = 0.5;
/// From here the passages are shown beside a hand-over, as what lies nearest: 89 of the 93 reach it, and 7 of the 21.
pub const RELATED: f32 = 0.35;

/// How likely a passage answers, 0..=1: the reader's logit and the search's fused score, joined by a fitted logistic.
pub fn answerability(passage: &ReadPassage) -> f32 {
    let logit = 0.49 * passage.reading.answers + 9.34 * passage.found.fused - 8.03;
    1.0 / (1.0 + (-logit).exp())
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
}

//! Do the passages hold the answer at all?
//!
//! Nobody can tell from the search's scores: something is always nearest. Two signs of the best line together tell
//! most of what can be told without a stronger model: how well it meets each of the question's words in meaning
//! ([`super::alignment`]), and which share of them it holds (its coverage). They are joined by a logistic function
//! whose three numbers were fitted (ridge .01) on the tuning half of the sample hospital's evaluation, 93 answerable and
//! 21 unanswerable questions. Area under the ROC curve there .94, on the other half .79: words that the documents spell
//! in another way weigh heavily, so a hospital gains by adding its patients' words to its documents.
//!
//! Tried besides and left out, AUROC on the same tuning half: the passage's cosine .69, its fused score .74, the worst
//! single word .77; 28 signs fitted on 603 questions of IDK-MRC .83; asking the default generator "ya atau tidak?" about
//! each of the two best passages .78 (103 questions, 2 to 5 s each), and joined to the others no gain.
//!
//! The numbers are those of multilingual-e5-small's cosines: another embedder needs its own.

use crate::{
    knowledge::QueryTerms,
    language::{TokenKind, is_stopword, normalize, search_stem},
};

/// From here a question is answered from the passages. Found on the tuning half: three of its 21 unanswerable
/// questions reach it, of which [`super::own_case`] and [`names_unknown_doctor`] leave one (the target is one in ten).
pub const ANSWERABLE: f32 = 0.77;
/// From here the passages are shown beside a hand-over, as what lies nearest: 89 of the tuning half's 93 answerable
/// questions reach it, and 7 of its 21 unanswerable ones.
pub const RELATED: f32 = 0.5;

/// How likely a quotation answers, 0..=1, by its best line's alignment (a cosine) and coverage (0..=1).
pub fn answerability(alignment: f32, coverage: f32) -> f32 {
    let logit = 11.74 * alignment + 6.62 * coverage - 10.49;
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

    #[test]
    fn a_line_that_meets_every_word_answers_and_one_that_lacks_the_subject_does_not() {
        let answers = answerability(0.90, 1.0);
        let nearby = answerability(0.86, 0.1);
        let elsewhere = answerability(0.78, 0.0);
        assert!(answers > ANSWERABLE && nearby < ANSWERABLE && nearby > elsewhere && elsewhere < RELATED);
    }
}

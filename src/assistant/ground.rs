//! Grounding: only what the passages say goes to a patient.
//!
//! Each sentence that a model wrote is held against the passages that it cites (all that were given, if it cites
//! none) and refused for the first of these reasons that applies:
//!
//! 1. **A fact that no passage states**: a number, price, time, date, weekday, phone number, link or name, compared
//!    by value ([`crate::language::unsupported`]).
//! 2. **A claim on permission, safety, dose or diagnosis** that is not a passage's sentence word for word. A small
//!    model says "boleh" to herbs beside warfarin with the warning before its eyes, so such claims are never composed.
//! 3. **A negation that the closest passage line does not have**, or the other way round.
//! 4. **Words from elsewhere**: fewer than [`MIN_SUPPORT`] of its content words stand in the passages or the question.
//!
//! One refused sentence refuses the whole text, because what is left of it may mean something else without the rest:
//! the answer becomes a quotation instead.

use crate::{
    domain::{Passage, Rejected},
    language::{content_stems, is_negated, sentences, unsupported, words},
};

/// Share of a sentence's content words (stems) that must stand in its passages or in the question.
///
/// 0.8 leaves one word in five to the model, for words that join. It is a choice: the default profile quotes, so what
/// another value would cost has not been measured.
pub const MIN_SUPPORT: f32 = 0.8;

/// Words that make a sentence a claim on permission, safety, dose or diagnosis, as stems.
const CLAIM_WORDS: &[&str] = &[
    "boleh",
    "aman",
    "bahaya",
    "dosis",
    "takaran",
    "diagnosis",
    "diagnosa",
    "sembuh",
    "cocok",
    "larang",
    "izin",
    "safe",
    "allowed",
    "dose",
    "dosage",
    "dangerous",
    "diagnosed",
    "mg",
    "ml",
    "tablet",
    "kapsul",
];

/// A text that passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Grounded {
    /// The text without citation marks.
    pub text: String,
    /// Indices of the passages that it rests on, in order of first use.
    pub cited: Vec<usize>,
}

/// Checks a composed text against the passages it was composed from; `[1]` cites the first.
///
/// # Errors
/// [`Rejected`] with the text and a reason for each refused sentence.
pub fn ground(text: &str, passages: &[&Passage], question: &str) -> Result<Grounded, Rejected> {
    let mut reasons = Vec::new();
    let mut cited_somewhere: Vec<usize> = Vec::new();
    let mut kept = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut kept_line = Vec::new();
        for sentence in sentences(line) {
            let (bare, mut cited) = split_citations(sentence, passages.len());
            if bare.chars().all(|c| !c.is_alphanumeric()) {
                continue;
            }
            if cited.is_empty() {
                cited = (0..passages.len()).collect();
            } else {
                cited_somewhere.extend(
                    cited.iter().filter(|at| !cited_somewhere.contains(at)).copied().collect::<Vec<_>>(),
                );
            }
            let held: Vec<&Passage> = cited.iter().map(|&at| passages[at]).collect();
            if let Some(reason) = refusal(&bare, &held, question) {
                reasons.push(reason);
            }
            kept_line.push(bare);
        }
        kept.push(kept_line.join(" "));
    }
    let text_kept = kept.join("\n").trim().to_owned();
    if text_kept.is_empty() {
        reasons.push("nothing was written".into());
    }
    if !reasons.is_empty() {
        return Err(Rejected { text: text.to_owned(), reasons });
    }
    if cited_somewhere.is_empty() {
        cited_somewhere = supporting(&text_kept, passages);
    }
    Ok(Grounded { text: text_kept, cited: cited_somewhere })
}

/// Why a sentence may not be sent, if it may not.
fn refusal(sentence: &str, passages: &[&Passage], question: &str) -> Option<String> {
    let contexts: Vec<String> = passages.iter().map(|passage| context(passage)).collect();
    let missing = unsupported(sentence, contexts.iter().map(String::as_str));
    if !missing.is_empty() {
        return Some(format!("{} fact(s) that no cited passage states", missing.len()));
    }
    let stems = content_stems(sentence);
    let verbatim = passages.iter().any(|passage| quotes(&passage.text, sentence));
    if verbatim {
        return None;
    }
    if let Some(claim) = stems.iter().find(|stem| CLAIM_WORDS.contains(&stem.as_str())) {
        return Some(format!(
            "a claim on permission, safety, dose or diagnosis (`{claim}`) in the model's own words"
        ));
    }
    let lines: Vec<&str> = passages.iter().flat_map(|passage| passage.text.lines()).collect();
    let closest = lines.iter().max_by(|left, right| {
        support(&stems, &content_stems(left)).total_cmp(&support(&stems, &content_stems(right)))
    });
    if let Some(closest) = closest
        && is_negated(closest) != is_negated(sentence)
    {
        return Some("a negation that the closest passage line does not share".into());
    }
    let mut known: Vec<String> = contexts.iter().flat_map(|context| content_stems(context)).collect();
    known.extend(content_stems(question));
    let share = support(&stems, &known);
    (share < MIN_SUPPORT).then(|| format!("only {:.0} % of its words stand in the passages", share * 100.0))
}

/// The words that a passage brings: its title path and its text.
fn context(passage: &Passage) -> String {
    format!("{}\n{}\n{}", passage.title, passage.headings.join("\n"), passage.text)
}

/// Share of `stems` found in `known`; 1 for a sentence without content words.
fn support(stems: &[String], known: &[String]) -> f32 {
    if stems.is_empty() {
        return 1.0;
    }
    let found = stems.iter().filter(|stem| known.contains(stem)).count();
    found as f32 / stems.len() as f32
}

/// Whether `sentence` is one of the sentences or lines of `text`, word for word, case and punctuation aside. A part
/// of one is not: without its "tidak" it would say the opposite.
pub fn quotes(text: &str, sentence: &str) -> bool {
    let wanted = words(sentence);
    !wanted.is_empty()
        && text
            .lines()
            .any(|line| words(line) == wanted || sentences(line).iter().any(|held| words(held) == wanted))
}

/// The passages that share the most with a text which cites none.
fn supporting(text: &str, passages: &[&Passage]) -> Vec<usize> {
    let stems = content_stems(text);
    let shares: Vec<f32> =
        passages.iter().map(|passage| support(&stems, &content_stems(&context(passage)))).collect();
    let best = shares.iter().copied().fold(0.0, f32::max);
    (0..passages.len()).filter(|&at| shares[at] >= best).take(1).collect()
}

/// Takes `[1]`, `[2, 3]`, `(1)` marks off a sentence.
fn split_citations(sentence: &str, passages: usize) -> (String, Vec<usize>) {
    let mut bare = String::with_capacity(sentence.len());
    let mut cited = Vec::new();
    let mut rest = sentence;
    while let Some(open) = rest.find('[') {
        let Some(close) = rest[open..].find(']').map(|at| open + at) else { break };
        let inside = &rest[open + 1..close];
        let numbers: Option<Vec<usize>> = inside
            .split([',', ';', ' '])
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok())
            .collect();
        bare.push_str(rest[..open].trim_end());
        match numbers {
            Some(numbers) => {
                cited.extend(numbers.iter().filter(|&&n| (1..=passages).contains(&n)).map(|n| n - 1))
            }
            None => bare.push_str(&rest[open..=close]),
        }
        rest = &rest[close + 1..];
    }
    bare.push_str(rest);
    cited.dedup();
    (bare.trim().to_owned(), cited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DocumentId, PassageId, PassageKind, Validity};

    fn passage(text: &str) -> Passage {
        Passage {
            id: PassageId(1),
            document: DocumentId(1),
            path: "jadwal.md".into(),
            title: "Jadwal Poliklinik".into(),
            headings: vec!["Jam buka".into()],
            kind: PassageKind::Prose,
            text: text.into(),
            validity: Validity::default(),
        }
    }

    const HOURS: &str = "Poliklinik buka Senin–Jumat pukul 08.00–20.00 WIB dan Sabtu pukul 08.00–13.00 WIB.\n\
                         Poliklinik tidak buka pada hari Minggu.";
    const HERBAL: &str =
        "Terapi herbal tidak boleh diikuti oleh pasien yang minum warfarin tanpa izin dokter.";

    #[test]
    fn a_supported_sentence_passes_and_loses_its_marks() {
        let passage = passage(HOURS);
        let grounded = ground(
            "Hari Sabtu poliklinik buka pukul 08.00–13.00 WIB [1].",
            &[&passage],
            "sabtu buka jam berapa",
        )
        .unwrap();
        assert_eq!(grounded.text, "Hari Sabtu poliklinik buka pukul 08.00–13.00 WIB.");
        assert_eq!(grounded.cited, [0]);
    }

    #[test]
    fn c03_an_invented_time_price_or_name_is_refused() {
        let passage = passage(HOURS);
        for invented in [
            "Hari Sabtu poliklinik buka sampai pukul 15.00 WIB.",
            "Poliklinik buka, biayanya Rp50.000.",
            "Poliklinik buka bersama dr. Sutarno pada Sabtu.",
            "Hubungi poliklinik di 0812-9999-1111.",
        ] {
            assert!(ground(invented, &[&passage], "sabtu buka jam berapa").is_err(), "{invented}");
        }
    }

    #[test]
    fn c02_permission_is_quoted_or_not_said() {
        let passage = passage(HERBAL);
        assert!(
            ground("Ya, ibu boleh ikut terapi herbal.", &[&passage], "boleh ikut terapi herbal?").is_err()
        );
        let half = "Boleh diikuti oleh pasien yang minum warfarin tanpa izin dokter.";
        assert!(ground(half, &[&passage], "boleh ikut terapi herbal?").is_err());
        assert!(ground(HERBAL, &[&passage], "boleh ikut terapi herbal?").is_ok());
    }

    #[test]
    fn a_turned_negation_is_refused() {
        let passage = passage("Kantin menerima pembayaran kartu.\nKantin tidak menerima pembayaran tunai.");
        assert!(ground("Kantin menerima pembayaran tunai.", &[&passage], "kantin tunai?").is_err());
    }

    #[test]
    fn words_from_elsewhere_are_refused() {
        let passage = passage(HOURS);
        let text = "Poliklinik menyediakan operasi katarak gratis bagi lansia setiap bulan.";
        assert!(ground(text, &[&passage], "poli buka?").is_err());
    }
}

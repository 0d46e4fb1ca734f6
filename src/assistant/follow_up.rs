//! Follow-up questions: "kalau hari Minggu?" is searched together with the question that it continues.

use crate::{
    domain::{Author, Turn},
    language::{Fact, content_stems, fact_set, facts, normalize, normalized_words},
};

/// Words that open a follow-up.
const OPENERS: &[&str] = &[
    "kalau", "jika", "terus", "lalu", "dan", "trus", "berarti", "untuk", "yang", "tapi", "and", "what",
    "then", "atau",
];
/// Content words up to which a question without an opener is taken for a follow-up when it only names a time, a
/// number or one thing.
const SHORT: usize = 2;
/// What is asked for, not what it is asked of: question words, and what they go with.
const ASKING: &[&str] = &[
    "berapa",
    "berapaan",
    "kapan",
    "siapa",
    "mana",
    "dimana",
    "kemana",
    "apa",
    "apakah",
    "bagaimana",
    "kenapa",
    "mengapa",
    "jam",
    "harga",
    "biaya",
    "tarif",
    "ongkos",
    "bayar",
    "boleh",
    "bisa",
    "ada",
    "sudah",
    "belum",
    "how",
    "much",
    "many",
    "when",
    "who",
    "where",
    "what",
    "price",
    "cost",
];

/// The text to search for: the question, with its predecessor ahead of it where it is a follow-up. Gives `None`
/// when it stands on its own.
pub fn continued(question: &str, history: &[Turn]) -> Option<String> {
    let previous = history.iter().rev().find(|turn| turn.author == Author::Patient)?;
    let words = normalized_words(question);
    let stems = content_stems(question);
    let opens = words.first().is_some_and(|word| OPENERS.contains(&word.as_str()))
        || words.iter().take(2).any(|word| OPENERS[..2].contains(&word.as_str()));
    let facts_only = stems.len() <= SHORT && !fact_set(question).is_empty();
    if !(facts_only || (opens && stems.len() <= 2 * SHORT) || stems.is_empty()) {
        return None;
    }
    // "Sabtu buka jam berapa? — kalau Minggu?": the new day takes the place of the old one.
    let replaced = without_kinds_of(&previous.text, question);
    // "Berapa harga MCU? — Terus hasilnya kapan jadi?": asked anew, so that of the first question its topic is left; else
    // the prices would be the answer again.
    let topic = if words.iter().any(|word| is_asking(word)) { topic(&replaced) } else { replaced };
    Some(format!("{} {}", topic.trim(), question))
}

fn is_asking(word: &str) -> bool {
    ASKING.contains(&word)
}

/// A question without what it asks.
fn topic(question: &str) -> String {
    let mut kept = String::with_capacity(question.len());
    let mut at = 0;
    for word in normalize(question).iter().filter(|word| is_asking(&word.text)) {
        if word.start >= at {
            kept.push_str(question[at..word.start].trim_end());
            at = word.end;
        }
    }
    kept.push_str(&question[at..]);
    kept.trim_end_matches(['?', ' ']).to_owned()
}

/// `previous` without its facts of a kind that `question` states anew.
fn without_kinds_of(previous: &str, question: &str) -> String {
    let new = fact_set(question);
    let mut kept = String::with_capacity(previous.len());
    let mut at = 0;
    for found in facts(previous) {
        let renewed =
            new.iter().any(|fact| std::mem::discriminant(fact) == std::mem::discriminant(&found.fact));
        if renewed && !matches!(found.fact, Fact::Name(_)) && found.range.start >= at {
            kept.push_str(&previous[at..found.range.start]);
            at = found.range.end;
        }
    }
    kept.push_str(&previous[at..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(previous: &str) -> Vec<Turn> {
        vec![
            Turn { author: Author::Patient, text: previous.into() },
            Turn { author: Author::Bot, text: "Poliklinik buka Sabtu pukul 08.00–13.00 WIB.".into() },
        ]
    }

    #[test]
    fn a_new_day_takes_the_old_ones_place() {
        let text =
            continued("kalau hari Minggu?", &after("Hari Sabtu poli buka sampai jam berapa?")).unwrap();
        assert!(text.contains("poli buka") && text.contains("Minggu") && !text.contains("Sabtu"), "{text}");
    }

    #[test]
    fn what_is_asked_anew_takes_the_place_of_what_was_asked() {
        let asked = |previous: &str, question: &str| continued(question, &after(previous)).unwrap();
        assert_eq!(
            asked("Berapa harga MCU Pranikah?", "Terus hasilnya kapan jadi?"),
            "MCU Pranikah Terus hasilnya kapan jadi?"
        );
        // Nothing asked anew: the first question goes on.
        assert_eq!(
            asked("kamar kelas 1 brp per hari?", "yang vvip?"),
            "kamar kelas 1 brp per hari? yang vvip?"
        );
    }

    #[test]
    fn a_question_of_its_own_stays_alone() {
        assert_eq!(continued("Berapa biaya cek kolesterol di laboratorium?", &after("Sabtu buka?")), None);
        assert_eq!(continued("kalau hari Minggu?", &[]), None);
    }
}

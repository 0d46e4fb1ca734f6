//! Which language a patient is answered in.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::domain::Language;

use super::lexicon::{is_root, lexicon};
use super::tokens::{Token, TokenKind, tokens};

/// English words that are neither Indonesian words nor among those that Indonesians sprinkle over their own sentences.
const ENGLISH: &str = "
    the of and is are was were be been do does did can could would should will what when where who why how
    which i im my me you your it its this that there have has had he she his her they we our not dont cant
    doesnt isnt for with from about after before because but if or an at on to in need want help get take make
    feel feeling think know father mother wife husband son daughter baby child kid old year years day days
    week month today tomorrow yesterday dad mom mum wont wake up fainted please call took too many pills weeks water broke live anymore end life vomiting seizure choking stroke swallowed drank bitten sudden severe stomach accident hit burned burns skin swollen lips tongue suddenly cannot move side face arm speech passed out got been no more lost fell now pain chest head heart blood bleeding breath breathe breathing
    fever cough headache dizzy unconscious pregnant medicine prescription hospital clinic doctor nurse
    appointment schedule insurance accept open close hours much many cost price pay visit visiting hi hello
    good morning afternoon evening any some very just still having hurt hurts kill die myself someone english
";

static ENGLISH_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| ENGLISH.split_whitespace().collect());

/// The language of a message: English only where it is clearly English, else Indonesian, whose speakers include those
/// of Javanese and Sundanese.
pub fn detect(text: &str) -> Language {
    of_tokens(&tokens(text))
}

/// As [`detect`], for a text that is already cut. English needs two words of its own, most of the words, and at
/// least twice as many as Indonesian has: `kak what time poli buka` stays Indonesian.
pub(super) fn of_tokens(tokens: &[Token<'_>]) -> Language {
    let words = tokens.iter().filter(|t| t.kind == TokenKind::Word);
    let (mut english, mut indonesian, mut all) = (0, 0, 0);
    for word in words {
        all += 1;
        if ENGLISH_WORDS.contains(&*word.text) {
            english += 1;
        } else if is_root(&word.text)
            || lexicon().slang(&word.text).iter().any(|r| !r.ambiguous && r.section != "english")
        {
            indonesian += 1;
        }
    }
    if english >= 2 && english >= indonesian * 2 && english * 5 >= all * 2 {
        Language::En
    } else {
        Language::Id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_only_when_clear() {
        for text in [
            "What time does the clinic open on Saturday?",
            "Hello, do you accept BPJS?",
            "my father has chest pain and sweating",
            "How much is acupuncture?",
        ] {
            assert_eq!(detect(text), Language::En, "{text}");
        }
        for text in [
            "kak what time poli buka",
            "thank you kak",
            "Halo",
            "",
            "123",
            "ok",
            "Good morning kak, mau tanya jadwal dokter",
            "abdi can dahar ti kamari",
            "mau medical check up hari ini bisa",
            "saya mau cancel appointment",
            "the best dokternya",
        ] {
            assert_eq!(detect(text), Language::Id, "{text}");
        }
    }
}

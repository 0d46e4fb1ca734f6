//! What kind of thing a question asks for, read off its question words: a price, a time, a place, a person.
//!
//! A passage line that holds a fact of the asked kind is the likelier answer; a search result without one is the
//! likelier gap.

use super::{Fact, FoundFact, normalized_words};

/// The kind of thing asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// "berapa harga", "biaya", "tarif", "bayar berapa".
    Price,
    /// "jam berapa", "kapan", "hari apa", "buka".
    Time,
    /// "nomor telepon", "kontak", "WA".
    Contact,
    /// "siapa", "dokter siapa".
    Person,
    /// "di mana", "alamat", "lantai berapa".
    Place,
    /// "berapa" without a price or a time.
    Number,
    /// "apa saja", "syarat", "daftar".
    List,
    /// "apakah", "bisa", "ada".
    YesNo,
    /// Anything else.
    Other,
}

impl Asked {
    /// Reads a question. Works on normalised words, so slang ("brp", "dmn", "jm brp") reads the same.
    pub fn of(question: &str) -> Self {
        let words = normalized_words(question);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let pair = |first: &[&str], second: &[&str]| {
            words
                .windows(2)
                .any(|pair| first.contains(&pair[0].as_str()) && second.contains(&pair[1].as_str()))
        };
        if has(&["harga", "biaya", "tarif", "ongkos", "price", "cost", "fee", "mahal", "murah", "bayarnya"])
            || pair(&["bayar", "kena"], &["berapa"])
            || pair(&["how"], &["much"])
        {
            Self::Price
        } else if pair(&["jam", "pukul", "hari", "tanggal"], &["berapa", "apa", "mana"])
            || pair(&["berapa"], &["lama", "jam", "menit", "hari"])
            || has(&["kapan", "jadwal", "when", "schedule", "jam", "hours", "lama"])
        {
            Self::Time
        } else if has(&["nomor", "telepon", "telpon", "kontak", "hubungi", "phone", "number", "email"]) {
            Self::Contact
        } else if has(&["siapa", "who"]) {
            Self::Person
        } else if has(&["dimana", "alamat", "lokasi", "lantai", "letak", "where", "address"])
            || pair(&["di", "ke", "sebelah"], &["mana"])
        {
            Self::Place
        } else if has(&["berapa", "many"]) {
            Self::Number
        } else if pair(&["apa"], &["saja"]) || has(&["syarat", "daftar", "persyaratan", "dokumen"]) {
            Self::List
        } else if has(&["apakah", "bisa", "boleh", "ada", "can", "is", "do", "does", "terima", "melayani"]) {
            Self::YesNo
        } else {
            Self::Other
        }
    }

    /// Whether a line that states these facts can answer; `None` where facts don't tell.
    pub fn answered_by(self, facts: &[FoundFact]) -> Option<bool> {
        let any = |fits: fn(&Fact) -> bool| Some(facts.iter().any(|found| fits(&found.fact)));
        match self {
            Self::Price => any(|fact| matches!(fact, Fact::Money(_))),
            Self::Time => any(|fact| {
                matches!(fact, Fact::Clock(_) | Fact::Date(..) | Fact::Weekday(_) | Fact::Number(_))
            }),
            Self::Contact => any(|fact| matches!(fact, Fact::Phone(_) | Fact::Link(_) | Fact::Number(_))),
            Self::Person => any(|fact| matches!(fact, Fact::Name(_))),
            Self::Number => any(|fact| !matches!(fact, Fact::Name(_) | Fact::Link(_))),
            Self::Place | Self::List | Self::YesNo | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::facts;

    #[test]
    fn reads_everyday_questions() {
        for (question, asked) in [
            ("brp biaya cek kolesterol kak", Asked::Price),
            ("poli gigi buka jam brp ya", Asked::Time),
            ("nomor ambulans berapa?", Asked::Contact),
            ("siapa dokter anaknya", Asked::Person),
            ("alamat rs nya dimana", Asked::Place),
            ("syarat daftar BPJS apa aja", Asked::List),
            ("bisa bayar pakai kartu?", Asked::YesNo),
        ] {
            assert_eq!(Asked::of(question), asked, "{question}");
        }
    }

    #[test]
    fn a_price_is_answered_by_money_only() {
        assert_eq!(Asked::Price.answered_by(&facts("Kolesterol total: Rp60.000")), Some(true));
        assert_eq!(Asked::Price.answered_by(&facts("Puasa 10 jam sebelum tes")), Some(false));
    }
}

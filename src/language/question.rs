//! What kind of thing a question asks for, read off its question words: a price, a time, a place, a person.
//!
//! A passage line that holds a fact of the asked kind is the likelier answer; a search result without one is the
//! likelier gap.

use super::{Fact, FoundFact, normalized_words};

/// The kind of thing asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// "berapa harga", "biaya", "tarif", a bare "berapa" ("scaling gigi brp").
    Price,
    /// "jam berapa", "kapan", "hari apa", "jadwal".
    Time,
    /// "berapa lama", "berapa hari", "berapa menit".
    Duration,
    /// "nomor telepon", "kontak", "WA".
    Contact,
    /// "siapa", "dokter siapa".
    Person,
    /// "di mana", "alamat", "lantai berapa".
    Place,
    /// "berapa orang", "umur berapa", "berapa kali".
    Number,
    /// "apa saja", "syarat", "daftar".
    List,
    /// "apakah", "bisa", "ada".
    YesNo,
    /// Anything else.
    Other,
}

const PRICE: &[&str] = &[
    "harga",
    "biaya",
    "tarif",
    "ongkos",
    "ongkir",
    "berapaan",
    "price",
    "cost",
    "fee",
    "mahal",
    "murah",
    "bayarnya",
    "biayanya",
    "harganya",
    "tarifnya",
    "bayarannya",
    "denda",
    "uang",
    "duit",
];
const TIME: &[&str] =
    &["kapan", "jadwal", "jadwalnya", "when", "schedule", "hours", "buka", "bukanya", "tutup", "tutupnya"];
const CONTACT: &[&str] =
    &["nomor", "telepon", "telpon", "kontak", "hubungi", "phone", "email", "ekstensi", "pesawat"];
const PLACE: &[&str] =
    &["dimana", "kemana", "alamat", "lokasi", "lokasinya", "letak", "letaknya", "where", "address"];
const LIST: &[&str] = &["syarat", "syaratnya", "persyaratan", "dokumen"];
const YES_NO: &[&str] =
    &["apakah", "bisa", "boleh", "ada", "can", "is", "do", "does", "terima", "melayani", "harus"];
/// Beside "berapa" they say what is counted, so that it is no price.
const DURATIONS: &[&str] = &["lama", "jam", "menit", "hari", "minggu", "bulan", "tahun", "long"];
const COUNTED: &[&str] = &[
    "orang",
    "kali",
    "persen",
    "umur",
    "usia",
    "usianya",
    "umurnya",
    "banyak",
    "jumlah",
    "jumlahnya",
    "lembar",
    "kilo",
    "kilometer",
    "km",
    "kg",
    "meter",
    "tempat",
    "kamar",
    "kelas",
    "dosis",
    "tablet",
    "sendok",
    "maksimal",
    "minimal",
    "besar",
    "isi",
    "isinya",
    "many",
    "old",
];
const PLACES: &[&str] = &["lantai", "gedung", "loket"];

impl Asked {
    /// What is asked for first; [`Asked::all_of`] reads all of it.
    pub fn of(question: &str) -> Self {
        Self::all_of(question).first().copied().unwrap_or(Self::Other)
    }

    /// Everything that a question asks for: patients ask "berapa, dan harus janjian?" in one breath. What facts can
    /// answer comes first. Works on normalised words, so slang ("brp", "dmn", "jm brp") reads the same.
    pub fn all_of(question: &str) -> Vec<Self> {
        let words = normalized_words(question);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
        let pair = |first: &[&str], second: &[&str]| {
            words.windows(2).any(|pair| first.contains(&pair[0]) && second.contains(&pair[1]))
        };
        let counts = counted(&words);
        let mut asked = Vec::new();
        let mut add = |kind, asks: bool| {
            if asks {
                asked.push(kind);
            }
        };
        add(Self::Price, has(PRICE) || counts.contains(&Self::Price) || pair(&["how"], &["much"]));
        add(
            Self::Time,
            has(TIME)
                || counts.contains(&Self::Time)
                || pair(&["hari", "tanggal", "jam"], &["apa", "mana", "berapa"])
                || pair(&["what", "which"], &["time", "day", "days"]),
        );
        add(Self::Duration, counts.contains(&Self::Duration));
        add(Self::Contact, has(CONTACT));
        add(Self::Person, has(&["siapa", "who"]));
        add(Self::Number, counts.contains(&Self::Number));
        add(
            Self::Place,
            has(PLACE)
                || counts.contains(&Self::Place)
                || pair(&["di", "ke", "sebelah", "bagian"], &["mana"]),
        );
        add(Self::List, has(LIST) || pair(&["apa"], &["saja"]));
        add(Self::YesNo, has(YES_NO));
        if asked.is_empty() {
            asked.push(Self::Other);
        }
        asked
    }

    /// Whether a line that states these facts can answer; `None` where facts don't tell.
    pub fn answered_by(self, facts: &[FoundFact]) -> Option<bool> {
        let any = |fits: fn(&Fact) -> bool| Some(facts.iter().any(|found| fits(&found.fact)));
        match self {
            Self::Price => any(|fact| matches!(fact, Fact::Money(_))),
            Self::Time => any(|fact| matches!(fact, Fact::Clock(_) | Fact::Date(..) | Fact::Weekday(_))),
            Self::Duration => any(|fact| matches!(fact, Fact::Number(_) | Fact::Clock(_) | Fact::Date(..))),
            Self::Contact => any(|fact| matches!(fact, Fact::Phone(_) | Fact::Link(_) | Fact::Number(_))),
            Self::Person => any(|fact| matches!(fact, Fact::Name(_))),
            Self::Number => any(|fact| !matches!(fact, Fact::Name(_) | Fact::Link(_))),
            Self::Place | Self::List | Self::YesNo | Self::Other => None,
        }
    }
}

/// What each "berapa" counts, told by the words beside it.
fn counted(words: &[&str]) -> Vec<Asked> {
    let mut kinds = Vec::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "berapa" || **word == "many") {
        let before = at.checked_sub(1).map_or("", |at| words[at]);
        let after = words.get(at + 1).copied().unwrap_or_default();
        let beside = |list: &[&str]| list.contains(&before) || list.contains(&after);
        kinds.push(if matches!(before, "jam" | "pukul" | "tanggal" | "hari" | "tahun") {
            Asked::Time
        } else if beside(PLACES) {
            Asked::Place
        } else if beside(CONTACT) || matches!(before, "no" | "antrean" | "urut") {
            Asked::Contact
        } else if DURATIONS.contains(&after) {
            Asked::Duration
        } else if beside(COUNTED) || words[at] == "many" {
            Asked::Number
        } else if words.iter().any(|word| CONTACT.contains(word)) {
            Asked::Contact
        } else {
            Asked::Price
        });
    }
    kinds
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
            ("scaling gigi brp kak", Asked::Price),
            ("hasil lab brp lama jadinya", Asked::Duration),
            ("kamar kelas 3 isinya brp org", Asked::Number),
            ("lab di lantai brp", Asked::Place),
        ] {
            assert_eq!(Asked::of(question), asked, "{question}");
        }
    }

    #[test]
    fn hears_every_part_of_a_question() {
        assert_eq!(Asked::all_of("usg 4d brp? hrs janjian dlu kah"), [Asked::Price, Asked::YesNo]);
        assert_eq!(Asked::all_of("jadwalnya kpn, brp"), [Asked::Price, Asked::Time]);
        assert_eq!(Asked::all_of("halo"), [Asked::Other]);
    }

    #[test]
    fn a_price_is_answered_by_money_only() {
        assert_eq!(Asked::Price.answered_by(&facts("Kolesterol total: Rp60.000")), Some(true));
        assert_eq!(Asked::Price.answered_by(&facts("Puasa 10 jam sebelum tes")), Some(false));
    }
}

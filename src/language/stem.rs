//! Indonesian words without their affixes, for a search index and its queries.
//!
//! The well-known idea of confix stripping (Nazief & Adriani; Asian 2007): cut particles (-lah -kah -pun),
//! possessives (-ku -mu -nya), one suffix (-kan -an -i) and up to three prefixes, giving back the consonant that a
//! nasal prefix swallowed, until a known root remains. A word that leads to no known root is cut only where little
//! can go wrong, so that names survive. An index and its queries must both be stemmed: a stem need not be a word.

use std::borrow::Cow;

use super::lexicon::is_root;

/// Prefixes of one word at most: `mempertanyakan` has two, `ketidakberdayaan` three.
const MOST_PREFIXES: usize = 3;

/// The stem of one lower-cased word. Stemming a stem changes nothing.
///
/// ```
/// use satubumi::language::stem;
/// assert_eq!(stem("pendaftaran"), "daftar");
/// assert_eq!(stem("menyakitkan"), "sakit");
/// assert_eq!(stem("anak-anaknya"), "anak");
/// assert_eq!(stem("makan"), "makan");
/// ```
pub fn stem(word: &str) -> Cow<'_, str> {
    if word.len() < 4 || is_root(word) || !word.is_ascii() {
        return Cow::Borrowed(word);
    }
    if let Some((first, second)) = word.split_once('-') {
        let (first, second) = (stem(first), stem(second));
        // `anak-anak`, `obat-obatan`, `sayur-mayur`; what is no repetition stays whole.
        let repeated = first == second || (first.len() == second.len() && first.get(1..) == second.get(1..));
        return if repeated { Cow::Owned(first.into_owned()) } else { Cow::Borrowed(word) };
    }
    if let Some(root) = to_root(word) {
        return Cow::Owned(root);
    }
    // What is left may lead to a root after all: ke+akulah.
    cautious(word).map_or(Cow::Borrowed(word), |rest| Cow::Owned(stem(&rest).into_owned()))
}

/// The root that the affixes of a word lead to.
fn to_root(word: &str) -> Option<String> {
    let bare = without_clitics(word);
    let suffixed = ["kan", "an", "i"].into_iter().filter_map(|suffix| bare.strip_suffix(suffix));
    // Suffixes first (`berikan` is beri+kan), then with prefixes, the longest suffix first.
    for base in [bare].into_iter().chain(suffixed.clone()) {
        if base.len() >= 3 && is_root(base) {
            return Some(base.to_owned());
        }
    }
    suffixed.chain([bare, word]).find_map(|base| without_prefixes(base, MOST_PREFIXES))
}

/// The word without particle and possessive, each only if a root or a long rest remains.
fn without_clitics(word: &str) -> &str {
    let strip = |word: &'_ str, endings: &[&str]| -> Option<usize> {
        endings.iter().find_map(|e| word.strip_suffix(e)).filter(|rest| rest.len() >= 3).map(str::len)
    };
    let particle = strip(word, &["lah", "kah", "tah", "pun"]).unwrap_or(word.len());
    let word = &word[..particle];
    if is_root(word) {
        return word;
    }
    let possessive = strip(word, &["nya", "ku", "mu"]).unwrap_or(word.len());
    &word[..possessive]
}

fn without_prefixes(word: &str, left: usize) -> Option<String> {
    if left == 0 || word.len() < 4 {
        return None;
    }
    let mut candidates = Vec::with_capacity(4);
    prefix_readings(word, &mut candidates);
    if let Some(root) = candidates.iter().find(|c| c.len() >= 3 && is_root(c)) {
        return Some(root.clone());
    }
    candidates.iter().find_map(|c| without_prefixes(c, left - 1))
}

/// What may remain when one prefix is cut, likeliest first.
fn prefix_readings(word: &str, out: &mut Vec<String>) {
    for prefix in ["di", "ke", "se", "ku", "kau"] {
        out.extend(word.strip_prefix(prefix).map(str::to_owned));
    }
    for (long, short) in [("ber", "be"), ("ter", "te"), ("per", "pe")] {
        // `bekerja`, `terasa` (te+rasa, not ter+asa), `perawat` (pe+rawat).
        out.extend(word.strip_prefix(short).map(str::to_owned));
        out.extend(word.strip_prefix(long).map(str::to_owned));
    }
    for (prefix, swallowed) in
        [("meny", "s"), ("peny", "s"), ("mem", "p"), ("pem", "p"), ("men", "t"), ("pen", "t")]
    {
        if let Some(rest) = word.strip_prefix(prefix) {
            if rest.starts_with(super::colloquial::is_vowel) {
                out.push(format!("{swallowed}{rest}"));
            }
            out.push(rest.to_owned());
        }
    }
    for prefix in ["menge", "penge", "meng", "peng"] {
        if let Some(rest) = word.strip_prefix(prefix) {
            out.push(rest.to_owned());
            out.push(format!("k{rest}"));
        }
    }
    out.extend(word.strip_prefix("me").map(str::to_owned));
}

/// The cut for words outside the lexicon: `-nya`, and a prefix or a suffix that leaves enough of the word.
fn cautious(word: &str) -> Option<String> {
    if is_root(word) {
        return None;
    }
    if let Some(rest) = word.strip_suffix("nya").filter(|rest| rest.len() >= 4) {
        return Some(rest.to_owned());
    }
    let nasal = [
        ("meny", "s"),
        ("peny", "s"),
        ("meng", ""),
        ("peng", ""),
        ("mem", ""),
        ("men", ""),
        ("pem", ""),
        ("pen", ""),
    ];
    for (prefix, swallowed) in nasal {
        if let Some(rest) = word.strip_prefix(prefix).filter(|rest| rest.len() >= 4) {
            return Some(format!("{swallowed}{rest}"));
        }
    }
    for prefix in ["ber", "ter", "di", "se", "ke"] {
        if let Some(rest) = word.strip_prefix(prefix).filter(|rest| rest.len() >= 5) {
            return Some(rest.to_owned());
        }
    }
    word.strip_suffix("kan").filter(|rest| rest.len() >= 5).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn affixes_lead_to_the_root() {
        for (word, root) in [
            ("pemeriksaan", "periksa"),
            ("diperiksa", "periksa"),
            ("pembayarannya", "bayar"),
            ("perawatan", "rawat"),
            ("dirawat", "rawat"),
            ("berobat", "obat"),
            ("pengobatan", "obat"),
            ("mengobati", "obat"),
            ("kehamilan", "hamil"),
            ("menyuntikkan", "suntik"),
            ("memberikan", "beri"),
            ("berikan", "beri"),
            ("menelan", "telan"),
            ("tertelan", "telan"),
            ("kesadaran", "sadar"),
            ("tindakan", "tindak"),
            ("kenaikan", "naik"),
            ("mempertanyakan", "tanya"),
            ("keracunan", "racun"),
            ("bekerja", "kerja"),
            ("terasa", "rasa"),
            ("obat-obatan", "obat"),
            ("bayinya", "bayi"),
            ("kepalaku", "kepala"),
            ("pelayanan", "layan"),
            ("dijadwalkan", "jadwal"),
        ] {
            assert_eq!(stem(word), root, "{word}");
        }
    }

    #[test]
    fn roots_and_names_survive() {
        for word in [
            "makan", "kepala", "berapa", "perut", "sebelum", "kanan", "ikan", "bukan", "masalah", "ampun",
            "dinda", "diana", "sekar",
        ] {
            assert_eq!(stem(word), word);
        }
    }

    #[test]
    fn what_a_cautious_cut_leaves_is_stemmed_too() {
        assert_eq!(stem("keakulah"), "aku");
    }

    proptest! {
        #[test]
        fn a_stem_is_its_own_stem(word in "(meng?|ber|di|ke|pen?|ter|se)?[a-z]{2,9}(kan|an|i)?(nya|ku|lah)?") {
            let once = stem(&word).into_owned();
            prop_assert_eq!(stem(&once), once.as_str());
        }
    }
}

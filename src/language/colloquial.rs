//! Regular ways in which everyday spelling leaves the standard: what the word list can't enumerate.
//!
//! Each rule only proposes; a proposal counts if it is a word that [`super::lexicon`] or the stemmer knows.

use super::lexicon::{Lexicon, is_root};
use super::stem::stem;

/// Whether a word is standard as it stands, perhaps with affixes.
pub(super) fn is_known(word: &str) -> bool {
    is_root(word) || is_root(&stem(word))
}

/// A word's consonants, neighbouring equal ones once: `sesak`, `ssak` and `sesk` all give `sk`.
pub(super) fn skeleton(word: &str) -> String {
    let mut bones = String::with_capacity(word.len());
    for c in word.chars().filter(|c| !is_vowel(*c)) {
        if !bones.ends_with(c) {
            bones.push(c);
        }
    }
    bones
}

/// A spelling in which variants fall together: `pakai`/`pake`, `kalau`/`kalo`, `tjantik`/`cantik`, `kharisma`/`karisma`.
pub(super) fn spelling_key(word: &str) -> String {
    const PAIRS: [(&str, &str); 9] = [
        ("ai", "e"),
        ("au", "o"),
        ("oe", "u"),
        ("dj", "j"),
        ("tj", "c"),
        ("sy", "s"),
        ("kh", "h"),
        ("x", "ks"),
        ("q", "k"),
    ];
    let mut key = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        if let Some((from, to)) = PAIRS.iter().find(|(from, _)| rest.starts_with(from)) {
            key.push_str(to);
            rest = &rest[from.len()..];
            continue;
        }
        let c2 = match c {
            'v' | 'f' => 'p',
            'z' => 's',
            other => other,
        };
        if !key.ends_with(c2) {
            key.push(c2);
        }
        rest = &rest[c.len_utf8()..];
    }
    key
}

pub(super) fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u')
}

/// Runs of three or more of a letter cut to one (`sakiiit`), and, where that gives a known word, doubled ones too.
pub(super) fn squeeze(word: &str) -> Option<String> {
    let runs = |least: usize| {
        let chars: Vec<char> = word.chars().collect();
        let mut out = String::with_capacity(word.len());
        for group in chars.chunk_by(|a, b| a == b) {
            let keep = if group.len() >= least { 1 } else { group.len() };
            out.extend(&group[..keep]);
        }
        out
    };
    let (triple, double) = (runs(3), runs(2));
    if double != word && !is_known(word) && is_known(&double) {
        return Some(double);
    }
    (triple != word).then_some(triple)
}

/// `anak2` → `anak-anak`, `obat2an` → `obat-obatan`.
pub(super) fn reduplicated(word: &str) -> Option<String> {
    let at = word.find('2')?;
    let (base, ending) = (&word[..at], &word[at + 1..]);
    (base.len() >= 3 && base.chars().all(char::is_alphabetic) && ending.chars().all(char::is_alphabetic))
        .then(|| format!("{base}-{base}{ending}"))
}

/// Everyday verbs: `ngecek` → `cek`, `nyari` → `cari`, `nunggu` → `tunggu`, `obatin` → `obatkan`, `kebakar` → `terbakar`.
pub(super) fn verb(word: &str) -> Option<String> {
    let accept = |root: String| is_known(&root).then_some(root);
    let nasal = |word: &str| -> Option<String> {
        let after = |prefix: &str| word.strip_prefix(prefix).filter(|rest| rest.len() >= 2);
        let vowel = |rest: &str| rest.starts_with(is_vowel);
        if let Some(rest) = after("nge") {
            return accept(rest.to_owned());
        }
        if let Some(rest) = after("ny").filter(|r| vowel(r)) {
            return accept(format!("s{rest}")).or_else(|| accept(format!("c{rest}")));
        }
        if let Some(rest) = after("ng") {
            return accept(rest.to_owned()).or_else(|| accept(format!("k{rest}")).filter(|_| vowel(rest)));
        }
        if let Some(rest) = after("n") {
            return if vowel(rest) { accept(format!("t{rest}")) } else { accept(rest.to_owned()) };
        }
        let rest = after("m")?;
        if vowel(rest) { accept(format!("p{rest}")) } else { accept(rest.to_owned()) }
    };
    if let Some(root) = nasal(word) {
        return Some(root);
    }
    if let Some(base) = word.strip_suffix("in").filter(|base| base.len() >= 4) {
        if is_known(base) {
            return Some(format!("{base}kan"));
        }
        if let Some(root) = nasal(base) {
            return Some(format!("{root}kan"));
        }
    }
    let base = word.strip_prefix("ke").filter(|base| base.len() >= 4)?;
    is_known(base).then(|| format!("ter{base}"))
}

/// Sounds that regional and everyday speech shifts: `dateng` → `datang`, `pake` → `pakai`, `dado` → `dada`,
/// `ape` → `apa`, `abis` → `habis`.
pub(super) fn shifted(word: &str, lexicon: &Lexicon) -> Option<String> {
    if word.len() < 4 || !word.is_ascii() {
        return None;
    }
    if let Some(root) = lexicon.with_spelling(&spelling_key(word)) {
        return Some(root.to_owned());
    }
    let known = |candidate: String| lexicon.is_root(&candidate).then_some(candidate);
    let swap = |at: usize, with: &str| format!("{}{with}{}", &word[..at], &word[at + 1..]);
    let last = word.len() - 1;
    let ending = word.as_bytes()[last];
    let open = matches!(ending, b'e' | b'o').then(|| known(swap(last, "a"))).flatten();
    let closed = || {
        let at = word.rfind(is_vowel).filter(|&at| at < last && word.as_bytes()[at] == b'e')?;
        known(swap(at, "a"))
    };
    let dropped = || word.starts_with(is_vowel).then(|| known(format!("h{word}"))).flatten();
    open.or_else(closed).or_else(dropped)
}

/// Regional prefixes, suffixes and endings: Sundanese `dikaluarkeun`, Javanese `digawekake`, Minangkabau `manulih`,
/// `paruik`, `barek`. The standard form must be known.
pub(super) fn regional(word: &str, lexicon: &Lexicon) -> Option<String> {
    const SUFFIXES: [(&str, &str); 4] = [("keun", "kan"), ("aken", "kan"), ("ake", "kan"), ("kan", "kan")];
    const PREFIXES: [(&str, &str); 6] =
        [("nga", ""), ("many", "meny"), ("mam", "mem"), ("mang", "meng"), ("ba", "ber"), ("ta", "ter")];
    const ENDINGS: [(&str, &str); 14] = [
        ("uik", "ut"),
        ("aik", "at"),
        ("ik", "it"),
        ("ek", "at"),
        ("eh", "as"),
        ("uih", "us"),
        ("iah", "ih"),
        ("uah", "uh"),
        ("uang", "ung"),
        ("iang", "ing"),
        ("ua", "ur"),
        ("ia", "ir"),
        ("uak", "uk"),
        ("iak", "ik"),
    ];
    if word.len() < 5 || !word.is_ascii() {
        return None;
    }
    let suffixed = SUFFIXES.iter().filter_map(|(from, to)| Some(format!("{}{to}", word.strip_suffix(from)?)));
    let affixed = [word.to_owned()].into_iter().chain(suffixed).flat_map(|w| {
        let prefixed: Vec<_> =
            PREFIXES.iter().filter_map(|(from, to)| Some(format!("{to}{}", w.strip_prefix(from)?))).collect();
        [w].into_iter().chain(prefixed)
    });
    affixed.skip(1).find(|w| w.len() >= 4 && is_known(w)).or_else(|| {
        let ended = ENDINGS.iter().filter_map(|(from, to)| Some(format!("{}{to}", word.strip_suffix(from)?)));
        // `kajang`, `basar`: the first e is an a there.
        let lowered =
            word.find('a').filter(|&at| at <= 2).map(|at| format!("{}e{}", &word[..at], &word[at + 1..]));
        ended.chain(lowered).find(|w| lexicon.is_root(w))
    })
}

/// A word typed without (most of) its vowels: `skt` → `sakit`, `ssak` → `sesak`. Only where one root fits.
pub(super) fn disemvowelled(word: &str, lexicon: &Lexicon) -> Option<&'static str> {
    let vowels = word.chars().filter(|c| is_vowel(*c)).count();
    let length = word.chars().count();
    // Of three letters none may be a vowel: `min` and `pas` are words of their own.
    if !(3..=9).contains(&length) || vowels * 3 > length + 1 || (length == 3 && vowels > 0) {
        return None;
    }
    let mut fitting = lexicon.with_skeleton(&skeleton(word)).iter().filter(|root| {
        root.len() > word.len() && root.as_bytes()[0] == word.as_bytes()[0] && is_subsequence(word, root)
    });
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// Whether `short`'s letters stand in `long` in their order.
pub(super) fn is_subsequence(short: &str, long: &str) -> bool {
    let mut letters = long.chars();
    short.chars().all(|c| letters.any(|l| l == c))
}

//! The checkable facts in a text: money, clock times, dates, weekdays, phone numbers, links, numbers, names.
//!
//! Grounding compares what an answer says with what its passages say, by value and not by spelling: `Rp150.000`,
//! `Rp 150.000,-` and `150 ribu` are one price; `8.00`, `08:00` and `jam 8 pagi` one time. A kind never matches
//! another: the 8 of `8 hari` does not support `pukul 8`.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use regex::{Captures, Regex};

/// One fact, by value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// Rupiah.
    Money(u64),
    /// Minutes after midnight.
    Clock(u16),
    /// Day, month, and the year if it is given.
    Date(u8, u8, Option<u16>),
    /// 1 = Monday … 7 = Sunday.
    Weekday(u8),
    /// Digits only, with a leading `+62`/`62` brought to `0`.
    Phone(String),
    /// A link or mail address, lower case, without scheme, `www.` and trailing slash.
    Link(String),
    /// Any other number, thousands' dots removed, decimal comma kept as `.`.
    Number(String),
    /// A word that is written as a name, lower case.
    Name(String),
}

/// A fact and the bytes that state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFact {
    /// The value.
    pub fact: Fact,
    /// Where it stands in the text.
    pub range: Range<usize>,
}

/// Reads the fact that a pattern matched; `None` where it only looks like one.
type ReadFact = fn(&Captures<'_>) -> Option<Fact>;

/// What is looked for, in this order; a byte that one pattern took is not offered to the next.
static PATTERNS: LazyLock<Vec<(Regex, ReadFact)>> = LazyLock::new(|| {
    let patterns: [(&str, ReadFact); 9] = [
        (
            r"(?i)\b(?:https?://|www\.)[^\s<>()]+|\b[\w.+-]+@[\w-]+\.[\w.]+\b|\b[\w-]+(?:\.[\w-]+)*\.(?:id|com|org|net)(?:/[^\s<>()]*)?",
            link,
        ),
        (r"(?i)\brp\.?\s*(\d[\d.]*\d|\d)(?:,(\d+))?(?:,?-)?\s*(ribu|rb|juta|jt)?\b", money),
        (r"(?i)\b(\d[\d.]*)(?:,(\d+))?\s*(ribu|rb|juta|jt)\b(?:\s+rupiah)?", money),
        (
            r"(?i)\b(\d{1,2})\s+(januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|desember|january|february|march|may|june|july|august|october|december)\b(?:\s+(\d{4}))?",
            date,
        ),
        (r"\b(\d{4})-(\d{2})-(\d{2})\b", iso_date),
        (r"(?:\+62|\(0\d{2,3}\)|\b0\d{2,3}|\b62\d{2,3})[\s-]?\d{3,4}(?:[\s-]?\d{2,5}){0,2}\b", phone),
        (r"\b([01]?\d|2[0-4])[.:]([0-5]\d)\b(?:\s*(am|pm|pagi|siang|sore|malam))?", clock),
        (r"(?i)\b(?:pukul|jam|pkl)\s+(\d{1,2})\b(?:\s*(am|pm|pagi|siang|sore|malam))?", hour),
        (r"\d+(?:\.\d{3})*(?:,\d+)?", number),
    ];
    patterns
        .into_iter()
        .map(|(pattern, read)| (Regex::new(pattern).expect("the patterns above are valid"), read))
        .collect()
});

static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    let days = r"(?i)\b(senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|ahad|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b";
    Regex::new(days).expect("the pattern above is valid")
});

static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}][\p{L}'’]*").expect("the pattern above is valid"));

/// Words that are capitalised without naming anything: address forms, months, the clock's zones.
const NOT_NAMES: &[&str] = &[
    "anda",
    "bapak",
    "ibu",
    "kakak",
    "kak",
    "senin",
    "selasa",
    "rabu",
    "kamis",
    "jumat",
    "sabtu",
    "minggu",
    "wib",
    "wita",
    "wit",
    "rp",
    "rumah",
    "sakit",
    "januari",
    "februari",
    "maret",
    "april",
    "mei",
    "juni",
    "juli",
    "agustus",
    "september",
    "oktober",
    "november",
    "desember",
];

/// Every fact that `text` states, in order of appearance.
pub fn facts(text: &str) -> Vec<FoundFact> {
    let mut found: Vec<FoundFact> = Vec::new();
    let mut taken = vec![false; text.len()];
    for (pattern, read) in PATTERNS.iter() {
        for captures in pattern.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let range = whole.range();
            if taken[range.clone()].iter().any(|&byte| byte) {
                continue;
            }
            if let Some(fact) = read(&captures) {
                taken[range.clone()].fill(true);
                found.push(FoundFact { fact, range });
            }
        }
    }
    for day in WEEKDAY.find_iter(text) {
        // `seminggu` and `2 minggu` are spans of time; the regex's word boundary keeps the first out.
        if is_span_of_weeks(text, &day.range()) {
            continue;
        }
        if let Some(number) = weekday(day.as_str()) {
            found.push(FoundFact { fact: Fact::Weekday(number), range: day.range() });
        }
    }
    found.extend(names(text));
    found.sort_by_key(|found| found.range.start);
    found
}

/// The set of facts of a text, for looking up.
pub fn fact_set(text: &str) -> HashSet<Fact> {
    facts(text).into_iter().map(|found| found.fact).collect()
}

/// The facts of `text` that `support` does not state. A date without a year is supported by one with; a weekday
/// by a span such as `Senin–Jumat`; a name by the same word in any spelling of case.
pub fn unsupported<'a>(text: &str, support: impl IntoIterator<Item = &'a str>) -> Vec<FoundFact> {
    let mut held: HashSet<Fact> = HashSet::new();
    let mut words: HashSet<String> = HashSet::new();
    for passage in support {
        let found = facts(passage);
        held.extend(weekday_spans(passage, &found));
        held.extend(found.into_iter().map(|found| found.fact));
        words.extend(WORD.find_iter(passage).map(|word| word.as_str().to_lowercase()));
    }
    facts(text)
        .into_iter()
        .filter(|found| match &found.fact {
            Fact::Name(name) => !words.contains(name),
            Fact::Date(day, month, None) => {
                !held.iter().any(|fact| matches!(fact, Fact::Date(d, m, _) if d == day && m == month))
            }
            fact => !held.contains(fact),
        })
        .collect()
}

/// `Senin–Jumat`, `Senin sampai Kamis`: the days between are stated too.
fn weekday_spans(text: &str, found: &[FoundFact]) -> Vec<Fact> {
    let days: Vec<_> = found
        .iter()
        .filter_map(|found| match found.fact {
            Fact::Weekday(day) => Some((day, &found.range)),
            _ => None,
        })
        .collect();
    let mut between = Vec::new();
    for pair in days.windows(2) {
        let ((first, left), (last, right)) = (pair[0], pair[1]);
        let Some(gap) = text.get(left.end..right.start) else { continue };
        let joins =
            matches!(gap.trim(), "-" | "–" | "—" | "sampai" | "s/d" | "s.d." | "hingga" | "to" | "until");
        if joins && first < last {
            between.extend((first..=last).map(Fact::Weekday));
        }
    }
    between
}

fn is_span_of_weeks(text: &str, range: &Range<usize>) -> bool {
    if !text[range.clone()].eq_ignore_ascii_case("minggu") {
        return false;
    }
    let before = text[..range.start].trim_end();
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    word.ends_with(|c: char| c.is_ascii_digit())
        || matches!(
            word.as_str(),
            "per"
                | "tiap"
                | "setiap"
                | "satu"
                | "dua"
                | "tiga"
                | "empat"
                | "lima"
                | "enam"
                | "beberapa"
                | "kali"
        ) && text[range.clone()].starts_with('m')
}

fn names(text: &str) -> Vec<FoundFact> {
    let mut found = Vec::new();
    let mut sentence_start = true;
    let mut previous_end = 0;
    for word in WORD.find_iter(text) {
        let gap = &text[previous_end..word.start()];
        if gap.contains(['.', '!', '?', '\n', ':', '*', '•']) && !after_title(&text[..previous_end]) {
            sentence_start = true;
        }
        let capital = word.as_str().chars().next().is_some_and(char::is_uppercase);
        let lower = word.as_str().to_lowercase();
        if capital && !sentence_start && lower.chars().count() > 1 && !NOT_NAMES.contains(&lower.as_str()) {
            found.push(FoundFact { fact: Fact::Name(lower), range: word.range() });
        }
        sentence_start = false;
        previous_end = word.end();
    }
    found
}

/// Whether the text ends in an abbreviation that stands before a name: `dr`, `drg`, `Ns`, `Sp`.
fn after_title(before: &str) -> bool {
    let last = before.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    matches!(last.as_str(), "dr" | "drg" | "ns" | "sp" | "prof" | "jl" | "no" | "apt" | "ny" | "tn")
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn link(captures: &Captures<'_>) -> Option<Fact> {
    let lower = captures.get(0)?.as_str().to_lowercase();
    let bare = lower.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    Some(Fact::Link(bare.trim_end_matches(['/', '.', ',']).to_owned()))
}

fn money(captures: &Captures<'_>) -> Option<Fact> {
    let unit = captures.get(3).map(|unit| unit.as_str().to_lowercase());
    let scale: u64 = match unit.as_deref() {
        Some("ribu" | "rb") => 1_000,
        Some("juta" | "jt") => 1_000_000,
        _ => 1,
    };
    let whole: u64 = digits(captures.get(1)?.as_str()).parse().ok()?;
    // `1,5 juta`: the decimals only count where there is a unit to scale them.
    let decimals = captures.get(2).map_or("", |decimals| decimals.as_str());
    let mut part = 0;
    if scale > 1 && !decimals.is_empty() && decimals.len() <= 6 {
        part = decimals.parse::<u64>().ok()? * scale / 10_u64.pow(u32::try_from(decimals.len()).ok()?);
    }
    Some(Fact::Money(whole.checked_mul(scale)?.checked_add(part)?))
}

fn date(captures: &Captures<'_>) -> Option<Fact> {
    let month = match captures.get(2)?.as_str().to_lowercase().as_str() {
        "januari" | "january" => 1,
        "februari" | "february" => 2,
        "maret" | "march" => 3,
        "april" => 4,
        "mei" | "may" => 5,
        "juni" | "june" => 6,
        "juli" | "july" => 7,
        "agustus" | "august" => 8,
        "september" => 9,
        "oktober" | "october" => 10,
        "november" => 11,
        _ => 12,
    };
    let year = captures.get(3).and_then(|year| year.as_str().parse().ok());
    Some(Fact::Date(captures.get(1)?.as_str().parse().ok()?, month, year))
}

fn iso_date(captures: &Captures<'_>) -> Option<Fact> {
    let part = |at: usize| captures.get(at).map(|part| part.as_str());
    Some(Fact::Date(part(3)?.parse().ok()?, part(2)?.parse().ok()?, part(1)?.parse().ok()))
}

fn phone(captures: &Captures<'_>) -> Option<Fact> {
    let digits = digits(captures.get(0)?.as_str());
    if digits.len() < 7 {
        return None;
    }
    Some(Fact::Phone(match digits.strip_prefix("62") {
        Some(rest) => format!("0{rest}"),
        None => digits,
    }))
}

fn minutes(hour: u16, minute: u16, part_of_day: Option<&str>) -> Option<Fact> {
    let hour = match part_of_day.map(str::to_lowercase).as_deref() {
        Some("pm" | "sore" | "malam") if hour < 12 => hour + 12,
        Some("siang") if hour < 6 => hour + 12,
        _ => hour,
    };
    (hour <= 24).then_some(Fact::Clock(hour * 60 + minute))
}

fn clock(captures: &Captures<'_>) -> Option<Fact> {
    let part = |at: usize| captures.get(at).map(|part| part.as_str());
    minutes(part(1)?.parse().ok()?, part(2)?.parse().ok()?, part(3))
}

fn hour(captures: &Captures<'_>) -> Option<Fact> {
    let part = |at: usize| captures.get(at).map(|part| part.as_str());
    minutes(part(1)?.parse().ok()?, 0, part(2))
}

fn number(captures: &Captures<'_>) -> Option<Fact> {
    let written = captures.get(0)?.as_str().replace('.', "").replace(',', ".");
    let bare = written.trim_start_matches('0');
    Some(Fact::Number(if bare.is_empty() { "0".into() } else { bare.to_owned() }))
}

fn weekday(word: &str) -> Option<u8> {
    Some(match word.to_lowercase().as_str() {
        "senin" | "monday" => 1,
        "selasa" | "tuesday" => 2,
        "rabu" | "wednesday" => 3,
        "kamis" | "thursday" => 4,
        "jumat" | "jum'at" | "friday" => 5,
        "sabtu" | "saturday" => 6,
        "minggu" | "ahad" | "sunday" => 7,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Fact> {
        facts(text).into_iter().map(|found| found.fact).collect()
    }

    #[test]
    fn one_price_in_every_spelling() {
        for text in ["Rp150.000", "Rp 150.000,-", "rp150.000,00", "150 ribu", "150rb", "0,15 juta"] {
            assert_eq!(of(text), [Fact::Money(150_000)], "{text}");
        }
        assert_eq!(of("Rp1,5 juta"), [Fact::Money(1_500_000)]);
    }

    #[test]
    fn one_time_in_every_spelling() {
        for text in ["08.00", "8:00", "pukul 8", "jam 8 pagi", "pukul 08.00 WIB"] {
            assert_eq!(of(text), [Fact::Clock(480)], "{text}");
        }
        assert_eq!(of("jam 8 malam"), [Fact::Clock(1200)]);
        assert_eq!(of("08.00–13.00"), [Fact::Clock(480), Fact::Clock(780)]);
    }

    #[test]
    fn phones_dates_links_and_numbers() {
        assert_eq!(of("(0264) 555-0100"), [Fact::Phone("02645550100".into())]);
        assert_eq!(of("0812-0000-1000"), of("+62 812 0000 1000"));
        assert_eq!(of("2026-11-22"), of("22 November 2026"));
        assert_eq!(of("www.contoh.id/"), of("https://contoh.id"));
        assert_eq!(of("1.200 ml"), [Fact::Number("1200".into())]);
        assert_eq!(of("119"), [Fact::Number("119".into())]);
    }

    #[test]
    fn support_is_by_value_and_kind() {
        let passage = "Poliklinik buka Senin–Jumat pukul 08.00–20.00 WIB. Dokter: dr. Laras Wening, Sp.PD.";
        assert!(unsupported("Hari Rabu buka jam 8 pagi.", [passage]).is_empty());
        assert_eq!(unsupported("Buka 8 hari.", [passage]).len(), 1);
        assert_eq!(unsupported("Hari Sabtu buka.", [passage]).len(), 1);
        assert_eq!(unsupported("Dokternya dr. Laras Kusuma.", [passage]).len(), 1);
        assert!(unsupported("Temui dr. Laras Wening ya.", [passage]).is_empty());
    }

    #[test]
    fn weeks_are_not_sundays() {
        assert_eq!(of("2 minggu"), [Fact::Number("2".into())]);
        assert_eq!(of("hari Minggu"), [Fact::Weekday(7)]);
    }
}

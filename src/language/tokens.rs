//! Words of a text, with their places in it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Letters, perhaps with digits behind them (`anak2`, `b12`) or hyphens between (`anak-anak`).
    Word,
    /// A number, price, time, date or phone number: `3`, `38,5`, `rp150.000`, `08.00`, `120/80`, `0812-3456-7890`.
    Number,
    /// A web or e-mail address.
    Link,
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The word in lower case, compatibility forms and accents folded away (`𝗧𝗼𝗹𝗼𝗻𝗴`, `TOLONG` → `tolong`).
    pub text: Cow<'a, str>,
    /// First byte in the text.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// Cuts a text into words. Punctuation and emoji fall away; `Rp 150.000`, `08.00`, phone numbers and links stay
/// whole; `jam8` becomes `jam` and `8`, `38c` becomes `38` and `c`.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::with_capacity(text.len() / 6 + 1);
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if !first.is_alphanumeric() && first != '+' {
            at += first.len_utf8();
            continue;
        }
        let starts_word =
            at == 0 || text[..at].ends_with(|c: char| c.is_whitespace() || "(<[\"'“‘:".contains(c));
        let (length, kind) = if let Some(length) = link(rest).filter(|_| starts_word) {
            (length, TokenKind::Link)
        } else if let Some(length) = money(rest) {
            (length, TokenKind::Number)
        } else if let Some(length) = number(rest) {
            (length, TokenKind::Number)
        } else if first == '+' {
            at += 1;
            continue;
        } else {
            // Numerals that are no digits (`½`, `Ⅳ`, `①`) start no word: each stands alone.
            match word(rest) {
                0 => (first.len_utf8(), TokenKind::Number),
                length => (length, TokenKind::Word),
            }
        };
        let end = at + length;
        let mut folded = fold(&text[at..end]);
        if kind == TokenKind::Number && folded.contains(' ') {
            folded = Cow::Owned(folded.replace(' ', ""));
        }
        if !folded.is_empty() {
            found.push(Token { text: folded, start: at, end, kind });
        }
        at = end;
    }
    found
}

/// Lower case without compatibility forms, accents, apostrophes and invisible characters.
fn fold(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase() && b != b'\'') {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(
        raw.nfkd()
            .filter(|&c| !is_combining_mark(c) && !is_joiner(c) && !is_apostrophe(c))
            .flat_map(char::to_lowercase)
            .nfc()
            .collect(),
    )
}

/// Characters that stand inside a word without being seen.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' | '\u{feff}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`')
}

/// Length of the word that the text starts with: letters, then digits; hyphens and apostrophes between letters.
fn word(rest: &str) -> usize {
    let mut end = 0;
    let mut digits = false;
    let mut chars = rest.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let letter = c.is_alphabetic() || is_combining_mark(c) || is_joiner(c);
        if c.is_numeric() && i > 0 {
            // `jam8`, `tgl12`, `umur5`: the number is a word of its own.
            if !digits && takes_number(&rest[..i]) {
                break;
            }
            digits = true;
        } else if is_apostrophe(c) || (c == '-' && i > 0) {
            if !chars.peek().is_some_and(|(_, next)| next.is_alphabetic()) {
                break;
            }
        } else if !letter || digits && rest.as_bytes()[i - 1].is_ascii_digit() && !takes_ending(&rest[i..]) {
            break;
        }
        end = i + c.len_utf8();
    }
    end
}

/// What may follow the 2 of a repetition: `obat2an`, `anak2nya`.
fn takes_ending(rest: &str) -> bool {
    ["an", "nya", "ku", "mu"].iter().any(|ending| rest.starts_with(ending))
}

/// Words that people glue to a number.
fn takes_number(word: &str) -> bool {
    let folded = word.to_ascii_lowercase();
    matches!(
        &*folded,
        "jam"
            | "jm"
            | "pukul"
            | "pkl"
            | "tgl"
            | "tanggal"
            | "umur"
            | "usia"
            | "umr"
            | "hari"
            | "lt"
            | "lantai"
            | "no"
            | "suhu"
    )
}

/// Length of a sum of money: `Rp150.000`, `Rp. 1.500.000`, `IDR 50000`.
fn money(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let sign = match bytes {
        [b'r' | b'R', b'p' | b'P', ..] => 2,
        [b'i' | b'I', b'd' | b'D', b'r' | b'R', ..] => 3,
        _ => return None,
    };
    let dot = usize::from(bytes.get(sign) == Some(&b'.'));
    let space = usize::from(bytes.get(sign + dot) == Some(&b' '));
    let start = sign + dot + space;
    bytes.get(start).filter(|b| b.is_ascii_digit())?;
    Some(start + number(&rest[start..])?)
}

/// Length of the number that the text starts with.
fn number(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    if let Some(length) = phone(rest).or_else(|| date(bytes)) {
        return Some(length);
    }
    if !digit(0) {
        return None;
    }
    let mut end = 0;
    loop {
        while digit(end) {
            end += 1;
        }
        if matches!(bytes.get(end), Some(b'.' | b',' | b':' | b'/')) && digit(end + 1) {
            end += 1;
        } else {
            return Some(end);
        }
    }
}

/// Length of a phone number: `+62` or `0` first, then 8 to 13 digits in groups with hyphens or single spaces.
fn phone(rest: &str) -> Option<usize> {
    if !(rest.starts_with("+") || rest.starts_with('0') || rest.starts_with("62")) {
        return None;
    }
    let bytes = rest.as_bytes();
    let mut end = usize::from(bytes[0] == b'+');
    let mut digits = 0;
    loop {
        let group = bytes[end..].iter().take_while(|b| b.is_ascii_digit()).count();
        if group == 0 || digits + group > 14 {
            return None;
        }
        (digits, end) = (digits + group, end + group);
        let another = matches!(bytes.get(end), Some(b'-' | b' '))
            && bytes[end + 1..].iter().take_while(|b| b.is_ascii_digit()).count() >= 3;
        if another && digits < 10 {
            end += 1;
        } else {
            return (digits >= 9).then_some(end);
        }
    }
}

/// Length of a date with hyphens: `2026-11-22`, `22-11-2026`.
fn date(bytes: &[u8]) -> Option<usize> {
    let mut end = 0;
    let mut groups = [0; 3];
    for (i, group) in groups.iter_mut().enumerate() {
        if i > 0 {
            (bytes.get(end) == Some(&b'-')).then_some(())?;
            end += 1;
        }
        *group = bytes[end..].iter().take_while(|b| b.is_ascii_digit()).count();
        end += *group;
    }
    matches!(groups, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4]).then_some(end)
}

/// Length of the web or e-mail address that the text starts with.
fn link(rest: &str) -> Option<usize> {
    const ENDINGS: [&str; 10] = ["com", "id", "org", "net", "info", "io", "app", "link", "gov", "edu"];
    let run = rest.split(char::is_whitespace).next()?;
    let run = run.trim_end_matches(|c: char| ".,;:!?)>]}\"'”’*_".contains(c));
    let head = run.get(..4).unwrap_or("").to_ascii_lowercase();
    if head == "http" && run.contains("://") || head == "www." {
        return Some(run.len());
    }
    let host = run.rsplit('@').next()?.split(['/', '?', '#']).next()?;
    let (name, ending) = host.rsplit_once('.')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let known = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    (known && name.len() > 1 && name.chars().all(plain)).then_some(run.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).iter().map(|t| t.text.to_string()).collect()
    }

    #[test]
    fn figures_stay_whole() {
        assert_eq!(
            texts("Rp 150.000, Rp1.500.000,- jam 08.00-12.00 atau 08:00; tensi 120/80, 38,5°C"),
            [
                "rp150.000",
                "rp1.500.000",
                "jam",
                "08.00",
                "12.00",
                "atau",
                "08:00",
                "tensi",
                "120/80",
                "38,5",
                "c"
            ]
        );
        assert_eq!(
            texts("hub +62 812-3456-7890 atau 021-5551234."),
            ["hub", "+62812-3456-7890", "atau", "021-5551234"]
        );
        assert_eq!(texts("tgl 22-11-2026 jam8"), ["tgl", "22-11-2026", "jam", "8"]);
    }

    #[test]
    fn links_stay_whole() {
        assert_eq!(
            texts("lihat https://rs.example.id/jadwal?x=1, atau info@rs.example.com."),
            ["lihat", "https://rs.example.id/jadwal?x=1", "atau", "info@rs.example.com"]
        );
    }

    #[test]
    fn words_are_folded_and_placed() {
        let text = "TOLONG, Jum’at anak-anak résep 𝗱𝗮𝗱𝗮 anak2nya 🙏";
        assert_eq!(texts(text), ["tolong", "jumat", "anak-anak", "resep", "dada", "anak2nya"]);
        for token in tokens(text) {
            assert!(text.is_char_boundary(token.start) && text.is_char_boundary(token.end));
        }
        assert_eq!(&text[tokens(text)[1].start..tokens(text)[1].end], "Jum’at");
    }

    #[test]
    fn numerals_that_are_no_digits_stand_alone() {
        assert_eq!(texts("365¼ hari ① ²"), ["365", "1⁄4", "hari", "1", "2"]);
    }

    proptest! {
        #[test]
        fn whatever_is_written_ends(text in "\\PC{0,40}", mixed in "[a-z0-9½²①Ⅳ٣'+\\-., ]{0,20}") {
            for text in [text, mixed] {
                let mut last = 0;
                for token in tokens(&text) {
                    prop_assert!(token.start >= last && token.end > token.start && token.end <= text.len());
                    last = token.end;
                }
            }
        }
    }

    #[test]
    fn odd_input_is_harmless() {
        for text in [
            "",
            "   ",
            "+",
            "++62",
            "'",
            "-a-",
            "🙏🏽",
            "\u{200b}",
            "a\u{301}\u{301}",
            "0",
            "Rp",
            "www.",
            "http://",
        ] {
            for token in tokens(text) {
                assert!(!token.text.is_empty() && token.start < token.end);
            }
        }
    }
}

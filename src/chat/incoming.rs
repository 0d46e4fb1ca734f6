//! What comes in from outside, checked once at the door: a number, a name, a text, an id. None of the errors repeats
//! what was sent.

use super::marks::MAX_SHORT_NAME_CHARS;

/// Digits that a phone number may have, country code included (E.164 allows 15; 8 is the shortest in use).
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Characters that a message may have.
pub const MAX_TEXT_CHARS: usize = 4000;
/// Characters that a name may have.
pub const MAX_NAME_CHARS: usize = 100;
/// Characters that a message id may have.
pub const MAX_ID_CHARS: usize = 128;
/// What WhatsApp hangs onto a number to make it an address.
const ADDRESS_SUFFIXES: [&str; 2] = ["@s.whatsapp.net", "@c.us"];

/// Why something from outside was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No phone number.
    #[error(
        "`sender` must be a phone number of 8 to 15 digits, for example 6281234567890, +62 812-3456-7890 or 081234567890"
    )]
    Number,
    /// Nothing to read.
    #[error("`message` must not be empty")]
    EmptyText,
    /// Too much to read.
    #[error("`message` must have at most {MAX_TEXT_CHARS} characters")]
    LongText,
    /// A NUL in a text.
    #[error("`message` must not hold a NUL character")]
    NulInText,
    /// A name too long.
    #[error("`name` must have at most {MAX_NAME_CHARS} characters")]
    LongName,
    /// A label's or a canned reply's name that is none.
    #[error("a short name must have 1 to {MAX_SHORT_NAME_CHARS} characters on one line")]
    ShortName,
    /// An id that is none.
    #[error("`message_id` must have 1 to {MAX_ID_CHARS} characters and no control characters")]
    MessageId,
}

/// A patient's address: the digits of a phone number, international form without `+`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads `62812…`, `+62 812-…`, `0062812…`, `0812…` (Indonesia is meant) and WhatsApp's `62812…@s.whatsapp.net`.
    ///
    /// # Errors
    /// [`Invalid::Number`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let text = ADDRESS_SUFFIXES.iter().find_map(|suffix| text.strip_suffix(suffix)).unwrap_or(text);
        let digits: String =
            text.chars().filter(|sign| !matches!(sign, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
        let international = if let Some(rest) = digits.strip_prefix('+') {
            rest.to_owned()
        } else if let Some(rest) = digits.strip_prefix("00") {
            rest.to_owned()
        } else if let Some(rest) = digits.strip_prefix('0') {
            format!("62{rest}")
        } else {
            digits
        };
        let is_number = NUMBER_DIGITS.contains(&international.len())
            && international.bytes().all(|digit| digit.is_ascii_digit())
            && !international.starts_with('0');
        if is_number { Ok(Self(international)) } else { Err(Invalid::Number) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The words of a message: trimmed, 1 to 4000 characters, no control characters but line breaks and tabs.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Cleans and checks a text.
    ///
    /// # Errors
    /// [`Invalid::EmptyText`], [`Invalid::LongText`], [`Invalid::NulInText`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.contains('\0') {
            return Err(Invalid::NulInText);
        }
        let clean = cleaned(text);
        match clean.chars().count() {
            0 => Err(Invalid::EmptyText),
            1..=MAX_TEXT_CHARS => Ok(Self(clean)),
            _ => Err(Invalid::LongText),
        }
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text with Unix line ends, trimmed, without control characters but line breaks and tabs.
pub(super) fn cleaned(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String =
        unix.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect();
    clean.trim().to_owned()
}

/// A patient's message as it comes in, checked.
#[derive(Clone)]
pub struct Incoming {
    /// Who wrote it.
    pub(super) sender: PhoneNumber,
    /// What they call themselves.
    pub(super) name: Option<String>,
    /// What they wrote.
    pub(super) text: MessageText,
    /// The id that makes it this message and no other within the conversation.
    pub(super) external_id: String,
}

impl Incoming {
    /// Checks a message. Without an id it gets a new one: it is then a message of its own each time.
    ///
    /// # Errors
    /// [`Invalid`], the first that applies.
    pub fn parse(
        sender: &str,
        name: Option<&str>,
        text: &str,
        external_id: Option<&str>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            sender: PhoneNumber::parse(sender)?,
            name: name.map(parse_name).transpose()?.flatten(),
            text: MessageText::parse(text)?,
            external_id: match external_id {
                Some(id) => parse_id(id)?,
                None => uuid::Uuid::now_v7().to_string(),
            },
        })
    }
}

/// A name on one line; an empty one is none.
fn parse_name(name: &str) -> Result<Option<String>, Invalid> {
    let words: Vec<&str> = name
        .split(|sign: char| sign.is_control() || sign.is_whitespace())
        .filter(|w| !w.is_empty())
        .collect();
    let name = words.join(" ");
    match name.chars().count() {
        0 => Ok(None),
        1..=MAX_NAME_CHARS => Ok(Some(name)),
        _ => Err(Invalid::LongName),
    }
}

fn parse_id(id: &str) -> Result<String, Invalid> {
    let id = id.trim();
    let is_id = (1..=MAX_ID_CHARS).contains(&id.chars().count()) && !id.chars().any(char::is_control);
    if is_id { Ok(id.to_owned()) } else { Err(Invalid::MessageId) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_way_to_write_a_number_is_the_same_number() {
        for text in [
            "6281234567890",
            "+6281234567890",
            " +62 812-3456-7890 ",
            "(0812) 3456 7890",
            "081234567890",
            "006281234567890",
            "6281234567890@s.whatsapp.net",
            "6281234567890@c.us",
        ] {
            let number = PhoneNumber::parse(text);
            assert_eq!(number.as_ref().map(PhoneNumber::as_str), Ok("6281234567890"), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "0",
            "1234567",
            "1234567890123456",
            "62812abc5678",
            "++6281234567",
            "٦٢٨١٢٣٤٥٦٧٨",
            "budi",
        ] {
            assert!(PhoneNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_is_cleaned_and_bounded() {
        let read = |text: &str| MessageText::parse(text).map(|text| text.0);
        assert_eq!(
            read("  Halo\u{7} kak\r\nbuka\tjam berapa? \n"),
            Ok("Halo kak\nbuka\tjam berapa?".to_owned())
        );
        assert_eq!(read(" \n\u{1b} "), Err(Invalid::EmptyText));
        assert_eq!(read("a\0b"), Err(Invalid::NulInText));
        assert_eq!(read(&"é".repeat(MAX_TEXT_CHARS)).map(|text| text.chars().count()), Ok(MAX_TEXT_CHARS));
        assert_eq!(read(&"é".repeat(MAX_TEXT_CHARS + 1)), Err(Invalid::LongText));
    }

    #[test]
    fn names_and_ids_are_bounded_and_a_missing_id_is_made() {
        let name = |name: &str| {
            Incoming::parse("081234567890", Some(name), "halo", None).map(|incoming| incoming.name)
        };
        assert_eq!(name(" Ibu\nSiti \t Aminah "), Ok(Some("Ibu Siti Aminah".to_owned())));
        assert_eq!(name(" "), Ok(None));
        assert_eq!(name(&"a".repeat(MAX_NAME_CHARS + 1)), Err(Invalid::LongName));
        let id = |id: Option<&str>| {
            Incoming::parse("081234567890", None, "halo", id).map(|incoming| incoming.external_id)
        };
        assert_eq!(id(Some("3EB0A1")), Ok("3EB0A1".to_owned()));
        assert_eq!(id(Some("")), Err(Invalid::MessageId));
        assert_eq!(id(Some("a\nb")), Err(Invalid::MessageId));
        assert_eq!(id(Some(&"a".repeat(MAX_ID_CHARS + 1))), Err(Invalid::MessageId));
        assert_ne!(id(None), id(None));
    }
}

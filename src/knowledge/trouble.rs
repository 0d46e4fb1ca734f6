//! What is wrong with a document, told from the words that the database keeps, so that pages can say it in the reader's
//! language.

/// A kind of trouble with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// Not a format that is read.
    Unsupported,
    /// Too large a file.
    TooLarge,
    /// Its content is of another kind than its name says.
    WrongContent,
    /// Text in another encoding.
    NotUtf8,
    /// The file is damaged.
    Damaged,
    /// It takes a password.
    Encrypted,
    /// There are no words in it.
    NoText,
    /// It unpacks to too much.
    TooMuchInside,
    /// It took too long to read.
    TooSlow,
    /// The program that reads it gave up.
    Crashed,
    /// A program is missing.
    MissingProgram,
    /// The reading program could not be run.
    NotRun,
    /// A particular that nobody knows.
    UnknownKey,
    /// A particular twice.
    Twice,
    /// A date that is none.
    BadDate,
    /// A particular that is no text.
    NotText,
    /// It would end before it begins.
    NeverValid,
    /// A line of the front matter that says nothing.
    NotAPair,
    /// Front matter without an end.
    Unclosed,
    /// A side-car that is no TOML.
    SideCar,
    /// Front matter and a side-car at once.
    Both,
    /// A link or a device.
    Link,
    /// A side-car without a document.
    Orphan,
    /// Anything else.
    Other,
}

/// Words that only one kind's message has; the first that fits counts.
const WORDS: [(Trouble, &str); 23] = [
    (Trouble::Unsupported, "files of this kind are not read"),
    (Trouble::TooLarge, "bytes, more than the"),
    (Trouble::WrongContent, "but holds something else"),
    (Trouble::NotUtf8, "not UTF-8 text"),
    (Trouble::Encrypted, "protected by a password"),
    (Trouble::NoText, "the file holds no text"),
    (Trouble::TooMuchInside, "unpacks to more than"),
    (Trouble::TooSlow, "and was stopped"),
    (Trouble::Crashed, "gave up on it"),
    (Trouble::MissingProgram, "is not installed; install it with"),
    (Trouble::NotRun, "the reading program could not be run"),
    (Trouble::UnknownKey, "unknown key"),
    (Trouble::Twice, "is given twice"),
    (Trouble::BadDate, "is not a date"),
    (Trouble::NotText, "a text in quotes is expected"),
    (Trouble::NeverValid, "lies before valid-from"),
    (Trouble::NotAPair, "of the front matter is not"),
    (Trouble::Unclosed, "but never closed"),
    (Trouble::SideCar, "is not valid TOML"),
    (Trouble::Both, "it has front matter and the side-car"),
    (Trouble::Link, "it is a link or a device"),
    (Trouble::Orphan, "it describes a document that is not there"),
    (Trouble::Damaged, "the file is damaged"),
];

impl Trouble {
    /// The kind that a message of this room tells.
    pub fn of(message: &str) -> Self {
        WORDS.iter().find(|(_, words)| message.contains(words)).map_or(Self::Other, |(trouble, _)| *trouble)
    }

    /// Its name, as keys of the pages' texts have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::TooLarge => "too-large",
            Self::WrongContent => "wrong-content",
            Self::NotUtf8 => "not-utf8",
            Self::Damaged => "damaged",
            Self::Encrypted => "encrypted",
            Self::NoText => "no-text",
            Self::TooMuchInside => "too-much-inside",
            Self::TooSlow => "too-slow",
            Self::Crashed => "crashed",
            Self::MissingProgram => "missing-program",
            Self::NotRun => "not-run",
            Self::UnknownKey => "unknown-key",
            Self::Twice => "twice",
            Self::BadDate => "bad-date",
            Self::NotText => "not-text",
            Self::NeverValid => "never-valid",
            Self::NotAPair => "not-a-pair",
            Self::Unclosed => "unclosed",
            Self::SideCar => "side-car",
            Self::Both => "both",
            Self::Link => "link",
            Self::Orphan => "orphan",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::{extract::ExtractError, meta::MetaError};
    use jiff::civil::date;

    #[test]
    fn every_message_is_recognised() {
        let key = || "judul".to_owned();
        let extract = [
            (ExtractError::Unsupported, Trouble::Unsupported),
            (ExtractError::TooLarge { bytes: 9, limit: 8 }, Trouble::TooLarge),
            (ExtractError::WrongContent { extension: "pdf" }, Trouble::WrongContent),
            (ExtractError::NotUtf8, Trouble::NotUtf8),
            (ExtractError::Malformed("x".into()), Trouble::Damaged),
            (ExtractError::Encrypted, Trouble::Encrypted),
            (ExtractError::NoText, Trouble::NoText),
            (ExtractError::TooMuchInside { limit: 8 }, Trouble::TooMuchInside),
            (ExtractError::TooSlow { seconds: 9 }, Trouble::TooSlow),
            (ExtractError::Crashed("x".into()), Trouble::Crashed),
            (ExtractError::MissingProgram { program: "pdftotext", hint: "x" }, Trouble::MissingProgram),
            (ExtractError::Run(std::io::ErrorKind::NotFound.into()), Trouble::NotRun),
        ];
        for (error, trouble) in extract {
            assert_eq!(Trouble::of(&error.to_string()), trouble, "{error}");
        }
        let meta = [
            (MetaError::UnknownKey { key: key() }, Trouble::UnknownKey),
            (MetaError::Twice { key: key() }, Trouble::Twice),
            (MetaError::BadDate { key: key(), value: key() }, Trouble::BadDate),
            (MetaError::NotText { key: key() }, Trouble::NotText),
            (MetaError::NeverValid { from: date(2026, 2, 2), until: date(2026, 1, 1) }, Trouble::NeverValid),
            (MetaError::NotAPair { line: 3 }, Trouble::NotAPair),
            (MetaError::Unclosed, Trouble::Unclosed),
            (MetaError::SideCar { name: key(), why: key() }, Trouble::SideCar),
            (MetaError::Both { name: key() }, Trouble::Both),
        ];
        for (error, trouble) in meta {
            assert_eq!(Trouble::of(&error.to_string()), trouble, "{error}");
        }
        assert_eq!(Trouble::of("something new"), Trouble::Other);
    }
}

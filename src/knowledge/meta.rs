//! What is known about a document besides its text: front matter at the head of a Markdown or text file, or a side-car
//! `<file>.toml` with the same keys. A key that is not known is an error, so that `valid-untill` can't let a price list
//! live for ever.

use jiff::civil::Date;

use crate::domain::{DocumentMeta, Validity};

/// The keys that are known.
pub const KEYS: [&str; 6] = ["title", "department", "reviewer", "valid-from", "valid-until", "source"];
/// The line that opens and closes front matter.
const FENCE: &str = "---";

/// What is wrong with a document's particulars. The caller knows the file and names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// A key that nobody reads, most often a slip of the pen.
    #[error("unknown key {key:?}; known are {}", KEYS.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// The same key again.
    #[error("the key {key:?} is given twice")]
    Twice {
        /// The key.
        key: String,
    },
    /// A date that is none.
    #[error("{key}: {value:?} is not a date; write year-month-day, for example 2026-12-31")]
    BadDate {
        /// The key.
        key: String,
        /// What stands there.
        value: String,
    },
    /// A value of another kind than text or date.
    #[error("{key}: a text in quotes is expected")]
    NotText {
        /// The key.
        key: String,
    },
    /// It would never hold.
    #[error("valid-until ({until}) lies before valid-from ({from})")]
    NeverValid {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// A line of the front matter that is no `key: value`.
    #[error("line {line} of the front matter is not \"key: value\"")]
    NotAPair {
        /// Counted from 1, the opening fence included.
        line: usize,
    },
    /// The front matter never ends.
    #[error("the front matter is opened with --- but never closed")]
    Unclosed,
    /// The side-car is not TOML.
    #[error("the side-car {name} is not valid TOML: {why}")]
    SideCar {
        /// Its name.
        name: String,
        /// The parser's words.
        why: String,
    },
    /// Both at once: which one holds?
    #[error("it has front matter and the side-car {name} too; keep one of them")]
    Both {
        /// The side-car's name.
        name: String,
    },
}

/// Splits a text into its front matter's particulars and what follows; `None` if it has no front matter.
///
/// # Errors
/// See [`MetaError`].
pub fn front_matter(text: &str) -> Result<Option<(DocumentMeta, &str)>, MetaError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n').enumerate();
    if lines.next().is_none_or(|(_, line)| line.trim_end() != FENCE) {
        return Ok(None);
    }
    let mut draft = Draft::default();
    let mut read = FENCE.len() + text[FENCE.len()..].find('\n').map_or(0, |end| end + 1);
    for (at, line) in lines {
        read += line.len();
        let line = line.trim();
        if line == FENCE {
            return Ok(Some((draft.finish()?, &text[read..])));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once(':').ok_or(MetaError::NotAPair { line: at + 1 })?;
        draft.set(key.trim(), unquoted(value.trim()))?;
    }
    Err(MetaError::Unclosed)
}

/// The particulars that a side-car gives.
///
/// # Errors
/// See [`MetaError`].
pub fn side_car(name: &str, text: &str) -> Result<DocumentMeta, MetaError> {
    let table: toml::Table = text.parse().map_err(|why: toml::de::Error| MetaError::SideCar {
        name: name.into(),
        why: why.message().into(),
    })?;
    let mut draft = Draft::default();
    for (key, value) in &table {
        match value {
            toml::Value::String(text) => draft.set(key, text.trim())?,
            toml::Value::Datetime(date) => draft.set(key, &date.to_string())?,
            _ if KEYS.contains(&key.as_str()) => return Err(MetaError::NotText { key: key.clone() }),
            _ => return Err(MetaError::UnknownKey { key: key.clone() }),
        }
    }
    draft.finish()
}

/// The values so far, by the place of their key in [`KEYS`].
#[derive(Default)]
struct Draft([Option<String>; KEYS.len()]);

impl Draft {
    fn set(&mut self, key: &str, value: &str) -> Result<(), MetaError> {
        let at = KEYS
            .iter()
            .position(|known| *known == key)
            .ok_or_else(|| MetaError::UnknownKey { key: key.into() })?;
        if self.0[at].replace(value.to_owned()).is_some() {
            return Err(MetaError::Twice { key: key.into() });
        }
        Ok(())
    }

    /// A key with nothing behind it is as good as absent.
    fn finish(self) -> Result<DocumentMeta, MetaError> {
        let [title, department, reviewer, from, until, source] =
            self.0.map(|value| value.filter(|text| !text.is_empty()));
        let validity = Validity { from: date("valid-from", from)?, until: date("valid-until", until)? };
        if let Validity { from: Some(from), until: Some(until) } = validity
            && until < from
        {
            return Err(MetaError::NeverValid { from, until });
        }
        Ok(DocumentMeta { title: title.unwrap_or_default(), department, reviewer, validity, source })
    }
}

fn date(key: &str, value: Option<String>) -> Result<Option<Date>, MetaError> {
    value
        .map(|value| {
            let exact = value.len() == "2026-12-31".len();
            value
                .parse()
                .ok()
                .filter(|_| exact)
                .ok_or_else(|| MetaError::BadDate { key: key.into(), value: value.clone() })
        })
        .transpose()
}

/// Front matter is often written with quotes, which are no part of the value.
fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_read_and_cut_off() {
        let text = "---\r\ntitle: \"Tarif: 2026\"\nvalid-until: 2026-12-31\nsource:\n---\n# Tarif\n";
        let Ok(Some((meta, rest))) = front_matter(text) else { panic!("not read") };
        assert_eq!(meta.title, "Tarif: 2026");
        assert_eq!(meta.validity.until, Some(jiff::civil::date(2026, 12, 31)));
        assert_eq!(meta.source, None);
        assert_eq!(rest, "# Tarif\n");
        assert_eq!(front_matter("# Tarif\n---\n"), Ok(None));
    }

    #[test]
    fn slips_are_named() {
        let wrong = |text: &str| front_matter(text).map(|_| ()).unwrap_err().to_string();
        assert!(wrong("---\nvalid-untill: 2026-12-31\n---\n").contains("valid-untill"));
        assert!(wrong("---\nvalid-from: 31-12-2026\n---\n").contains("valid-from"));
        assert!(wrong("---\nvalid-from: 2026-02-30\n---\n").contains("2026-02-30"));
        assert!(wrong("---\ntitle: a\ntitle: b\n---\n").contains("twice"));
        assert!(wrong("---\nvalid-from: 2026-02-02\nvalid-until: 2026-02-01\n---\n").contains("before"));
        assert!(wrong("---\ntitle: a\n").contains("never closed"));
        assert!(side_car("a.toml", "titel = 'x'").is_err_and(|wrong| wrong.to_string().contains("titel")));
        assert!(side_car("a.toml", "title = 3").is_err_and(|wrong| wrong.to_string().contains("title")));
        let dated = side_car("a.toml", "valid-from = 2026-01-02\ntitle = 'x'").map(|meta| meta.validity.from);
        assert_eq!(dated, Ok(Some(jiff::civil::date(2026, 1, 2))));
    }
}

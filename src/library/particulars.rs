//! What is known about a document, as a form shows it and as it is written back: into the front matter or the side-car that
//! is there, with everything else in it left as it was.

use toml_edit::{DocumentMut, value};

use super::LibraryError;
use crate::{
    domain::DocumentMeta,
    knowledge::meta::{self, KEYS},
};

/// The particulars as they are typed. Empty is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// The title that patients and staff see.
    pub title: String,
    /// The department that answers for it.
    pub department: String,
    /// Who read and released it.
    pub reviewer: String,
    /// First day, as 2026-12-31.
    pub valid_from: String,
    /// Last day.
    pub valid_until: String,
    /// Where its content comes from.
    pub source: String,
}

impl Particulars {
    /// Those of a document that was read.
    pub fn of(meta: &DocumentMeta) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let day = |value: Option<jiff::civil::Date>| value.map(|day| day.to_string()).unwrap_or_default();
        Self {
            title: meta.title.clone(),
            department: text(&meta.department),
            reviewer: text(&meta.reviewer),
            valid_from: day(meta.validity.from),
            valid_until: day(meta.validity.until),
            source: text(&meta.source),
        }
    }

    /// The values, in the order of [`KEYS`], on one line each.
    fn values(&self) -> [String; KEYS.len()] {
        let all = [
            &self.title,
            &self.department,
            &self.reviewer,
            &self.valid_from,
            &self.valid_until,
            &self.source,
        ];
        all.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A text with these at its head: lines of comment stay, lines that say the same stay as they are.
    ///
    /// # Errors
    /// When `old` has a head that can't be read.
    pub(super) fn at_head(&self, old: Option<&str>, body: &str) -> Result<String, LibraryError> {
        let values = self.values();
        let mut written = [false; KEYS.len()];
        let mut head = String::new();
        for line in old.map(head_lines).transpose()?.unwrap_or_default() {
            let found = line.split_once(':').and_then(|(key, rest)| {
                Some((KEYS.iter().position(|known| *known == key.trim())?, rest.trim()))
            });
            match found.filter(|_| !line.trim_start().starts_with('#')) {
                None => push_line(&mut head, &line),
                Some((at, rest)) => {
                    written[at] = true;
                    if rest == values[at] || rest == quoted(&values[at]) {
                        push_line(&mut head, &line);
                    } else if !values[at].is_empty() {
                        push_line(&mut head, &format!("{}: {}", KEYS[at], quoted(&values[at])));
                    }
                }
            }
        }
        for (at, value) in values.iter().enumerate().filter(|(at, value)| !written[*at] && !value.is_empty())
        {
            push_line(&mut head, &format!("{}: {}", KEYS[at], quoted(value)));
        }
        let body = body.trim_start_matches('\n');
        Ok(if head.is_empty() { body.to_owned() } else { format!("---\n{head}---\n\n{body}") })
    }

    /// A side-car with these; `None` where there is nothing to say and nothing was said.
    ///
    /// # Errors
    /// When the old one is no TOML.
    pub(super) fn beside(&self, old: Option<&str>) -> Result<Option<String>, LibraryError> {
        let values = self.values();
        if old.is_none() && values.iter().all(String::is_empty) {
            return Ok(None);
        }
        let mut written: DocumentMut = old
            .unwrap_or_default()
            .parse()
            .map_err(|error: toml_edit::TomlError| LibraryError::Unfit(error.message().to_owned()))?;
        for (key, text) in KEYS.iter().zip(values) {
            let before = written.get(key).and_then(|item| {
                item.as_str().map(str::to_owned).or_else(|| item.as_datetime().map(ToString::to_string))
            });
            if text.is_empty() {
                written.remove(key);
            } else if before.as_deref().map(str::trim) != Some(text.as_str()) {
                written[*key] = value(text);
            }
        }
        Ok(Some(written.to_string()))
    }
}

/// The lines between the fences; none where there is no head.
fn head_lines(text: &str) -> Result<Vec<String>, LibraryError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read = meta::front_matter(text).map_err(|error| LibraryError::Document(error.into()))?;
    let Some((_, body)) = read else { return Ok(Vec::new()) };
    let head = &text[..text.len() - body.len()];
    let lines = head.lines().map(str::to_owned).collect::<Vec<_>>();
    Ok(lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default().to_vec())
}

fn push_line(head: &mut String, line: &str) {
    head.push_str(line.trim_end());
    head.push('\n');
}

/// Quotes around a value are no part of it, so one that is quoted itself takes others around.
fn quoted(value: &str) -> String {
    let is_quoted = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    match (is_quoted('"'), is_quoted('\'')) {
        (true, _) => format!("'{value}'"),
        (_, true) => format!("\"{value}\""),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> Particulars {
        Particulars { title: title.into(), valid_until: "2026-12-31".into(), ..Particulars::default() }
    }

    #[test]
    fn a_head_is_changed_line_by_line() -> anyhow::Result<()> {
        let old = "---\n# dari SK 12\ntitle: Lama\nsource: SK 12: lampiran\n---\n\nIsi.\n";
        let changed = Particulars { source: "SK 12: lampiran".into(), ..titled("Baru: \"dan\" lagi") };
        let text = changed.at_head(Some(old), "Isi baru.\n")?;
        assert_eq!(
            text,
            "---\n# dari SK 12\ntitle: Baru: \"dan\" lagi\nsource: SK 12: lampiran\nvalid-until: 2026-12-31\n---\n\nIsi baru.\n"
        );
        assert_eq!(changed.at_head(Some(&text), "Isi baru.\n")?, text, "twice is once");
        for title in ["\"berkutip\"", "'berkutip'", "--- a: b # c", "<script>alert(1)</script>", "dua\nbaris"]
        {
            let text = titled(title).at_head(None, "Isi.\n")?;
            let Some((meta, body)) = meta::front_matter(&text)? else { anyhow::bail!("{text}") };
            assert_eq!((meta.title, body.trim()), (title.replace('\n', " "), "Isi."));
        }
        assert_eq!(Particulars::default().at_head(None, "Isi.\n")?, "Isi.\n");
        assert!(titled("a").at_head(Some("---\ntitel: x\n---\n"), "Isi.").is_err());
        Ok(())
    }

    #[test]
    fn a_side_car_keeps_its_comments() -> anyhow::Result<()> {
        let old = "# dari SK 12\ntitle = \"Lama\" # singkat\nvalid-from = 2026-01-01\n";
        let changed = Particulars { valid_from: "2026-01-01".into(), ..titled("Baru") };
        let text = changed.beside(Some(old))?.unwrap_or_default();
        assert!(text.starts_with("# dari SK 12\ntitle = \"Baru\""), "{text}");
        assert!(text.contains("valid-from = 2026-01-01\n"), "{text}");
        assert_eq!(meta::side_car("a.toml", &text)?.title, "Baru");
        assert_eq!(Particulars::default().beside(None)?, None);
        Ok(())
    }
}

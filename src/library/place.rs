//! Names of files within the knowledge folder: which may be, and which never leave it.

use crate::knowledge::{SIDE_CAR, extract::Format};

/// Bytes that a text written in a page may have.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Folders below one another.
const MOST_PARTS: usize = 8;
/// Bytes of one part of a name; file systems take 255, and a temporary name is a little longer.
const MOST_PART_BYTES: usize = 200;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A document.
    Document,
    /// What is known about a document, beside it.
    SideCar,
    /// Approved answers.
    Approved,
    /// Fixed replies of one language.
    Replies,
    /// Red flags.
    RedFlags,
}

/// Why a name may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It leads somewhere else, or has letters that file systems or pages trip over.
    #[error("a name has letters, digits, spaces and - _ . , ( ) & +, and does not begin with a dot")]
    Letters,
    /// Too long, or too many folders.
    #[error("the name is too long")]
    Long,
    /// Not a kind of file that is read there.
    #[error("files of this kind are not read here; documents may be {}", Format::known())]
    Ending,
}

/// A file's place: its path within the knowledge folder, `/`-separated, that was looked at letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    within: String,
    kind: Kind,
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

impl Place {
    /// Checks a path: `documents/umum/kontak.md`, `approved/umum.toml`, `replies/id.toml`, `triage/contoh.toml`.
    ///
    /// # Errors
    /// [`BadName`] for everything else.
    pub fn parse(within: &str) -> Result<Self, BadName> {
        let parts: Vec<&str> = within.split('/').collect();
        if parts.len() > MOST_PARTS || parts.iter().any(|part| part.len() > MOST_PART_BYTES) {
            return Err(BadName::Long);
        }
        if !parts.iter().all(|part| is_sane(part)) {
            return Err(BadName::Letters);
        }
        let kind = match parts.as_slice() {
            ["documents", .., name] => match name.strip_suffix(SIDE_CAR) {
                Some(document) if Format::of_name(document).is_some() => Kind::SideCar,
                None if Format::of_name(name).is_some() => Kind::Document,
                _ => return Err(BadName::Ending),
            },
            ["approved", name] if name.ends_with(SIDE_CAR) => Kind::Approved,
            ["replies", "id.toml" | "en.toml"] => Kind::Replies,
            ["triage", name] if name.ends_with(SIDE_CAR) => Kind::RedFlags,
            _ => return Err(BadName::Ending),
        };
        Ok(Self { within: within.to_owned(), kind })
    }

    /// A document's place.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`BadName::Ending`] for what is no document.
    pub fn document(within: &str) -> Result<Self, BadName> {
        Self::parse(within)
            .and_then(|place| if place.kind == Kind::Document { Ok(place) } else { Err(BadName::Ending) })
    }

    /// Where the particulars of a document lie that can't hold them itself.
    pub fn side_car(&self) -> Self {
        Self { within: format!("{}{SIDE_CAR}", self.within), kind: Kind::SideCar }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.within
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The file's name alone.
    pub fn name(&self) -> &str {
        self.within.rsplit('/').next().unwrap_or(&self.within)
    }

    /// The folders above it.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let above = self.within.rsplit_once('/').map_or("", |(above, _)| above);
        above.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it is text that can be edited in a page.
    pub fn is_text(&self) -> bool {
        match self.kind {
            Kind::Document => {
                matches!(Format::of_name(self.name()), Some(Format::Markdown | Format::Text | Format::Csv))
            }
            Kind::SideCar | Kind::Approved | Kind::Replies | Kind::RedFlags => true,
        }
    }

    /// Whether it is Markdown or plain text, which hold their particulars at their head.
    pub fn has_front_matter(&self) -> bool {
        matches!(Format::of_name(self.name()), Some(Format::Markdown | Format::Text))
    }

    /// Whether it is Markdown.
    pub fn is_markdown(&self) -> bool {
        matches!(Format::of_name(self.name()), Some(Format::Markdown))
    }
}

/// A part of a path that means the same on every disk, is listed, and is nobody's temporary file.
fn is_sane(part: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || " -_.,()&+".contains(c);
    !part.is_empty()
        && part.chars().all(fits)
        && !part.starts_with(['.', ' ', '-'])
        && !part.ends_with(['.', ' '])
        && !part.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_folders() {
        for (name, kind) in [
            ("documents/umum/Kontak & alamat (2026).md", Kind::Document),
            ("documents/tarif.pdf", Kind::Document),
            ("documents/tarif.csv.toml", Kind::SideCar),
            ("approved/umum.toml", Kind::Approved),
            ("replies/id.toml", Kind::Replies),
            ("triage/contoh.toml", Kind::RedFlags),
        ] {
            assert_eq!(Place::parse(name).map(|place| place.kind()), Ok(kind), "{name}");
        }
        for name in [
            "",
            "/",
            "documents",
            "documents/",
            "documents//a.md",
            "/documents/a.md",
            "documents/../a.md",
            "documents/..",
            "documents/./a.md",
            "documents/.a.md",
            "documents/a/../../b.md",
            "documents\\a.md",
            "documents/a\\..\\b.md",
            "documents/a.md\0",
            "documents/a\n.md",
            "documents/a<b>.md",
            "documents/a:b.md",
            "documents/~a.md",
            "documents/#a.md",
            "documents/a.md ",
            " documents/a.md",
            "documents/a..md",
            "documents/%2e%2e/a.md",
            "documents/\u{202e}dm.md",
            "documents/a.exe",
            "documents/a",
            "documents/.md",
            "documents/a.md.tmp",
            "documents/a.toml",
            "documents/a.exe.toml",
            "approved/a/b.toml",
            "approved/a.md",
            "approved/.toml",
            "replies/fr.toml",
            "replies/../id.toml",
            "triage/a.md",
            "satubumi.toml",
            "data/satubumi.db",
            "../knowledge/documents/a.md",
        ] {
            assert!(Place::parse(name).is_err(), "{name:?}");
        }
        assert!(Place::parse(&format!("documents/{}.md", "a".repeat(250))).is_err());
        assert!(Place::document("approved/umum.toml").is_err());
    }
}

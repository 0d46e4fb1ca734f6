//! Which format a file has: its name says, its first bytes must agree.

use super::ExtractError;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.md`, `.markdown`
    Markdown,
    /// `.txt`
    Text,
    /// `.csv`: comma, semicolon or tab.
    Csv,
    /// `.html`, `.htm`
    Html,
    /// `.pdf`
    Pdf,
    /// `.docx`
    Docx,
    /// `.xlsx`
    Xlsx,
    /// `.ods`
    Ods,
}

/// What follows the byte order mark or white space in the formats that are binary.
const ZIP: &[u8] = b"PK\x03\x04";
const PDF: &[u8] = b"%PDF-";
/// Readers look for the PDF header within the first kilobyte (ISO 32000-1, annex H, note 13).
const PDF_HEADER_WITHIN: usize = 1024;

impl Format {
    /// Every format, with the endings that name it.
    const ENDINGS: [(Self, &'static [&'static str]); 8] = [
        (Self::Markdown, &["md", "markdown"]),
        (Self::Text, &["txt"]),
        (Self::Csv, &["csv"]),
        (Self::Html, &["html", "htm"]),
        (Self::Pdf, &["pdf"]),
        (Self::Docx, &["docx"]),
        (Self::Xlsx, &["xlsx"]),
        (Self::Ods, &["ods"]),
    ];

    /// The format that a file's name says, in any case.
    pub fn of_name(name: &str) -> Option<Self> {
        let (stem, ending) = name.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        let ending = ending.to_ascii_lowercase();
        Self::ENDINGS
            .iter()
            .find(|(_, endings)| endings.contains(&ending.as_str()))
            .map(|(format, _)| *format)
    }

    /// Its usual ending, which is also its name between parent and child.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Text => "txt",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
        }
    }

    /// The endings that are known, for messages.
    pub fn known() -> String {
        Self::ENDINGS.iter().flat_map(|(_, endings)| *endings).copied().collect::<Vec<_>>().join(", ")
    }

    /// Refuses bytes that are of another kind than this format.
    ///
    /// # Errors
    /// [`ExtractError::WrongContent`].
    pub(super) fn check(self, bytes: &[u8]) -> Result<(), ExtractError> {
        let agrees = match self {
            Self::Pdf => {
                let head = &bytes[..bytes.len().min(PDF_HEADER_WITHIN)];
                head.windows(PDF.len()).any(|window| window == PDF)
            }
            Self::Docx | Self::Xlsx | Self::Ods => bytes.starts_with(ZIP),
            Self::Markdown | Self::Text | Self::Csv | Self::Html => {
                !bytes.starts_with(ZIP) && !bytes.starts_with(PDF) && !bytes.contains(&0)
            }
        };
        if agrees { Ok(()) } else { Err(ExtractError::WrongContent { extension: self.ending() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_and_the_bytes_agree() {
        assert_eq!(Format::of_name("Tarif 2026.XLSX"), Some(Format::Xlsx));
        assert_eq!(Format::of_name("a.b/README"), None);
        assert_eq!(Format::of_name(".pdf"), None);
        assert!(Format::Pdf.check(b"junk before %PDF-1.7").is_ok());
        assert!(Format::Pdf.check(b"PK\x03\x04").is_err());
        assert!(Format::Text.check(b"a\0b").is_err());
        assert!(Format::Docx.check(b"%PDF-1.4").is_err());
    }
}

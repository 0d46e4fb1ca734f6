//! Files to blocks: headings, paragraphs, list items, tables; one shape for every format.
//!
//! Text that people type (Markdown, plain text, CSV) is parsed here. Formats that strangers' programs write (PDF, DOCX,
//! XLSX, ODS, HTML) are parsed in a child process: this same binary, started again with a hidden
//! subcommand, which first limits its own memory and time ([`child`]). Nothing is ever unpacked to a path, so no name
//! inside an archive can lead anywhere.

pub mod child;
mod docx;
mod format;
mod html;
mod markdown;
mod pdf;
mod sandbox;
mod table;
mod text;
mod workbook;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use format::Format;
pub use sandbox::{Limits, SUBCOMMAND};

/// A piece of a document, in reading order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A heading.
    Heading {
        /// 1 is the outermost.
        level: u8,
        /// Its words.
        text: String,
    },
    /// Running text; a forced line break is a newline.
    Paragraph {
        /// Its words.
        text: String,
    },
    /// One item of a list, numbered or not.
    ListItem {
        /// Its words.
        text: String,
    },
    /// A table.
    Table {
        /// The columns' names; empty where the table has none.
        header: Vec<String>,
        /// The cells, row by row; rows may be shorter or longer than the header.
        rows: Vec<Vec<String>>,
    },
}

/// Why a file gave no blocks. The messages are for staff and name no path: the caller knows which file it was.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Not a format that is read.
    #[error("files of this kind are not read; known are {}", Format::known())]
    Unsupported,
    /// Too large to be a document.
    #[error("the file has {bytes} bytes, more than the {limit} that a document may have")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// The content is of another kind than the name says.
    #[error("the file is called .{extension} but holds something else")]
    WrongContent {
        /// What the name says.
        extension: &'static str,
    },
    /// Text in another encoding.
    #[error("the file is not UTF-8 text; save it as UTF-8")]
    NotUtf8,
    /// The parser gave up.
    #[error("the file is damaged: {0}")]
    Malformed(String),
    /// It needs a password.
    #[error("the file is protected by a password")]
    Encrypted,
    /// There are no words in it.
    #[error("the file holds no text (a scan has to go through text recognition first)")]
    NoText,
    /// An archive that unpacks to too much, or more blocks than a document may have.
    #[error("the file unpacks to more than the {limit} bytes that are allowed")]
    TooMuchInside {
        /// The bound.
        limit: u64,
    },
    /// The child was stopped.
    #[error("reading the file took longer than {seconds} s and was stopped")]
    TooSlow {
        /// The bound on the clock.
        seconds: u64,
    },
    /// The child died: of its memory limit, or of a bug that the file found.
    #[error("the program that reads such files gave up on it ({0})")]
    Crashed(String),
    /// A program that is needed is not installed.
    #[error("{program} is not installed; install it with: {hint}")]
    MissingProgram {
        /// Its name.
        program: &'static str,
        /// The command.
        hint: &'static str,
    },
    /// The child could not be started or fed.
    #[error("the reading program could not be run: {0}")]
    Run(#[from] std::io::Error),
}

impl ExtractError {
    /// Whether the machine is to blame and not the file: then it is worth trying again.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::MissingProgram { .. } | Self::Run(_))
    }
}

/// Reads files. One for the whole knowledge base.
#[derive(Clone, Debug)]
pub struct Extractor {
    /// The binary that has the hidden subcommand: this one, unless a test says otherwise.
    pub program: PathBuf,
    /// What a child may use.
    pub limits: Limits,
}

impl Extractor {
    /// One that starts the running binary again.
    ///
    /// # Errors
    /// When the system does not tell which binary this is.
    pub fn of_this_binary() -> std::io::Result<Self> {
        Ok(Self { program: std::env::current_exe()?, limits: Limits::default() })
    }

    /// The blocks of a file called `name`.
    ///
    /// # Errors
    /// Why it can't be read; see [`ExtractError`].
    pub async fn extract(&self, name: &str, bytes: &[u8]) -> Result<Vec<Block>, ExtractError> {
        let format = Format::of_name(name).ok_or(ExtractError::Unsupported)?;
        let limit = self.limits.file_bytes;
        if bytes.len() as u64 > limit {
            return Err(ExtractError::TooLarge { bytes: bytes.len() as u64, limit });
        }
        format.check(bytes)?;
        let blocks = match format {
            Format::Markdown => markdown::blocks(utf8(bytes)?),
            Format::Text => text::blocks(utf8(bytes)?),
            Format::Csv => table::csv_blocks(utf8(bytes)?)?,
            Format::Pdf => pdf::blocks(&String::from_utf8_lossy(&sandbox::run(self, format, bytes).await?)),
            Format::Html | Format::Docx | Format::Xlsx | Format::Ods => {
                serde_json::from_slice(&sandbox::run(self, format, bytes).await?)
                    .map_err(|broken| ExtractError::Crashed(format!("its answer is broken: {broken}")))?
            }
        };
        if blocks.iter().all(|block| matches!(block, Block::Heading { .. })) {
            return Err(ExtractError::NoText);
        }
        Ok(blocks)
    }
}

/// The blocks of a Markdown text, which needs no child.
pub fn markdown_blocks(text: &str) -> Vec<Block> {
    markdown::blocks(text)
}

fn utf8(bytes: &[u8]) -> Result<&str, ExtractError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ExtractError::NotUtf8)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// One line: runs of white space (no-break spaces among them) become one space, soft hyphens go.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(char::is_whitespace) {
        let word = word.trim_matches(|c: char| c == '\u{200b}' || c == '\u{feff}');
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| *c != '\u{ad}' && !c.is_control()));
    }
    line
}

/// Several lines, each as [`one_line`] gives it; empty ones go.
fn lines(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines().map(one_line).filter(|line| !line.is_empty()) {
        if !kept.is_empty() {
            kept.push('\n');
        }
        kept.push_str(&line);
    }
    kept
}

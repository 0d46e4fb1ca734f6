//! DOCX: the body of `word/document.xml`, with `word/styles.xml` telling which styles are headings.

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::{Block, ExtractError, Format, lines, one_line, table};

/// An archive of more entries than this is no document.
const MAX_ENTRIES: usize = 10_000;
/// Spans beyond this are nonsense.
const MAX_SPAN: usize = 64;

/// Checks an archive before anybody parses it: it holds `inside`, and all of it, really unpacked and counted (a
/// header's claim is worth nothing), stays within `limit`. Nothing is written anywhere.
pub(super) fn check_archive(
    bytes: &[u8],
    inside: &str,
    format: Format,
    limit: u64,
) -> Result<(), ExtractError> {
    let mut archive = open(bytes)?;
    if archive.index_for_name(inside).is_none() {
        return Err(ExtractError::WrongContent { extension: format.ending() });
    }
    if archive.len() > MAX_ENTRIES {
        return Err(ExtractError::TooMuchInside { limit });
    }
    let mut left = limit;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|why| ExtractError::Malformed(why.to_string()))?;
        let read = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink())
            .map_err(|why| ExtractError::Malformed(why.to_string()))?;
        left = left.checked_sub(read).ok_or(ExtractError::TooMuchInside { limit })?;
    }
    Ok(())
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, ExtractError> {
    ZipArchive::new(Cursor::new(bytes)).map_err(|why| ExtractError::Malformed(why.to_string()))
}

/// The blocks of a document.
pub(super) fn blocks(bytes: &[u8], unpacked: u64) -> Result<Vec<Block>, ExtractError> {
    check_archive(bytes, "word/document.xml", Format::Docx, unpacked)?;
    let mut archive = open(bytes)?;
    let styles = match entry(&mut archive, "word/styles.xml")? {
        Some(xml) => heading_styles(&xml)?,
        None => HashMap::new(),
    };
    let document = entry(&mut archive, "word/document.xml")?
        .ok_or(ExtractError::WrongContent { extension: Format::Docx.ending() })?;
    let mut body = Body { styles, ..Body::default() };
    let mut reader = Reader::from_str(&document);
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(element) => body.open(&element)?,
            Event::Empty(element) => {
                body.open(&element)?;
                body.close(element.local_name().as_ref());
            }
            Event::End(element) => body.close(element.local_name().as_ref()),
            Event::Text(text) if body.in_text => body.words.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if body.in_text => {
                let resolved = match reference.resolve_char_ref().map_err(malformed)? {
                    Some(character) => Some(character),
                    None => predefined(&reference),
                };
                body.words.extend(resolved);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(body.blocks)
}

fn malformed(why: impl std::fmt::Display) -> ExtractError {
    ExtractError::Malformed(why.to_string())
}

/// The five entities of XML itself; a document type's own are not expanded, so they can't multiply.
fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<String>, ExtractError> {
    if archive.index_for_name(name).is_none() {
        return Ok(None);
    }
    let mut text = String::new();
    archive.by_name(name).map_err(malformed)?.read_to_string(&mut text).map_err(malformed)?;
    Ok(Some(text))
}

/// Style ids that are headings, with their level. The names are English in every language's Word; the ids are not.
fn heading_styles(xml: &str) -> Result<HashMap<String, u8>, ExtractError> {
    let mut reader = Reader::from_str(xml);
    let mut styles = HashMap::new();
    let mut style = String::new();
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "style" => style = attribute(&element, "styleId")?.unwrap_or_default(),
                "name" => {
                    let level = attribute(&element, "val")?.and_then(|name| named_level(&name));
                    styles.extend(level.map(|level| (style.clone(), level)));
                }
                "outlineLvl" => {
                    styles.extend(outline_level(&element)?.map(|level| (style.clone(), level)));
                }
                _ => {}
            },
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}

fn named_level(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    if name == "title" {
        return Some(1);
    }
    let level = name.strip_prefix("heading")?.trim().parse().ok()?;
    (1..=9).contains(&level).then_some(level)
}

/// Levels count from 0; 9 is body text.
fn outline_level(element: &BytesStart<'_>) -> Result<Option<u8>, ExtractError> {
    let level = attribute(element, "val")?.and_then(|value| value.parse::<u8>().ok());
    Ok(level.filter(|level| *level < 9).map(|level| level + 1))
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, ExtractError> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(malformed)?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(malformed)?.into_owned(),
            ));
        }
    }
    Ok(None)
}

#[derive(Default)]
struct Body {
    styles: HashMap<String, u8>,
    blocks: Vec<Block>,
    words: String,
    in_text: bool,
    /// The paragraphs that are open: a text box stands inside one.
    paragraphs: usize,
    /// Inside the older form of something that was already read in its newer form.
    fallback: usize,
    level: Option<u8>,
    item: bool,
    /// The tables that are open; an inner one's words belong to the outer one's cell.
    tables: usize,
    rows: Vec<Vec<String>>,
    span: usize,
    /// The cell goes on from the row above.
    continued: bool,
}

impl Body {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), ExtractError> {
        match element.local_name().as_ref() {
            "p" => {
                if self.tables == 0 && self.paragraphs == 0 {
                    self.words.clear();
                    self.level = None;
                    self.item = false;
                }
                self.paragraphs += 1;
            }
            "Fallback" => self.fallback += 1,
            "pStyle" => {
                let style = attribute(element, "val")?.unwrap_or_default();
                self.level = self.styles.get(&style).copied().or_else(|| named_level(&style));
            }
            "outlineLvl" => self.level = outline_level(element)?.or(self.level),
            "numPr" => self.item = true,
            "t" => self.in_text = self.fallback == 0,
            "tab" => self.words.push(' '),
            "br" | "cr" => self.words.push('\n'),
            "noBreakHyphen" => self.words.push('-'),
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => self.rows.push(Vec::new()),
            "tc" if self.tables == 1 => {
                self.words.clear();
                self.span = 1;
                self.continued = false;
            }
            "gridSpan" if self.tables == 1 => {
                let span = attribute(element, "val")?.and_then(|span| span.parse().ok()).unwrap_or(1);
                self.span = span.clamp(1, MAX_SPAN);
            }
            "vMerge" if self.tables == 1 => {
                self.continued = attribute(element, "val")?.is_none_or(|value| value != "restart");
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                if self.tables == 0 && self.paragraphs == 0 {
                    self.close_paragraph();
                } else {
                    self.words.push(' ');
                }
            }
            "Fallback" => self.fallback = self.fallback.saturating_sub(1),
            "tc" if self.tables == 1 => self.close_cell(),
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    let mut rows = std::mem::take(&mut self.rows).into_iter();
                    let header = rows.next().unwrap_or_default();
                    self.words.clear();
                    self.blocks.extend(table::block(header, rows.collect()));
                }
            }
            _ => {}
        }
    }

    fn close_cell(&mut self) {
        let words = one_line(&std::mem::take(&mut self.words));
        let above = self.rows.len().checked_sub(2);
        for _ in 0..self.span {
            let at = self.rows.last().map_or(0, Vec::len);
            let from_above = above.and_then(|above| self.rows.get(above)?.get(at)).filter(|_| self.continued);
            let words = from_above.unwrap_or(&words).clone();
            if let Some(row) = self.rows.last_mut() {
                row.push(words);
            }
        }
    }

    fn close_paragraph(&mut self) {
        let text = lines(&std::mem::take(&mut self.words));
        if text.is_empty() {
            return;
        }
        self.blocks.push(match (self.level, self.item) {
            (Some(level), _) => Block::Heading { level, text: text.replace('\n', " ") },
            (None, true) => Block::ListItem { text: text.replace('\n', " ") },
            (None, false) => Block::Paragraph { text },
        });
    }
}

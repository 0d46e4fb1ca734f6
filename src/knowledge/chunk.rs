//! Blocks to chunks: passages small enough to quote and large enough to be understood.
//!
//! A chunk never crosses a heading, never cuts a sentence, a list item or a table's row, and never overlaps another.
//! Its headings travel with it, so a row "VIP: Rp900.000" still says whose price it is.

use crate::{domain::PassageKind, knowledge::extract::Block, language::sentences};

/// Prose is cut into equal shares of at most this many words: about 160-200 tokens of a multilingual vocabulary, of
/// which an embedding of 512 still says something definite.
const MAX_WORDS: usize = 120;
/// Sections below this are joined with their equally small neighbours, up to [`JOINED_WORDS`].
const TINY_WORDS: usize = 25;
/// What joined sections may come to.
const JOINED_WORDS: usize = 60;
/// A table's passage has at most this many rows: what a patient reads in one message.
const MAX_ROWS: usize = 6;
/// No sentence is so long; text without punctuation (a broken PDF) is cut at this many words.
const ENDLESS_WORDS: usize = 2 * MAX_WORDS;

/// A passage before it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Prose or table.
    pub kind: PassageKind,
    /// The headings above it, outermost first, without the document's title.
    pub headings: Vec<String>,
    /// One sentence, list item or row a line.
    pub text: String,
}

/// What is embedded (and reranked): the text after the path to it, `title › heading › heading`.
pub fn with_path(title: &str, headings: &[String], text: &str) -> String {
    format!("{}\n{text}", joined_path(title, headings))
}

/// The path to a text, `title › heading › heading`.
pub fn joined_path(title: &str, headings: &[String]) -> String {
    let path: Vec<&str> = std::iter::once(title).chain(headings.iter().map(String::as_str)).collect();
    path.join(" › ")
}

/// The chunks of a document, in its order.
pub fn chunks(title: &str, blocks: &[Block]) -> Vec<Chunk> {
    let sections = joined(sections(title, blocks));
    sections.into_iter().flat_map(Section::chunks).collect()
}

/// What stands between two headings.
struct Section {
    headings: Vec<String>,
    parts: Vec<Part>,
}

enum Part {
    /// Sentences and list items.
    Prose(Vec<String>),
    /// Rows, each with its first cell.
    Table(Vec<(String, String)>),
}

fn sections(title: &str, blocks: &[Block]) -> Vec<Section> {
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut sections = vec![Section { headings: Vec::new(), parts: Vec::new() }];
    for block in blocks {
        if let Block::Heading { level, text } = block {
            path.retain(|(above, _)| above < level);
            path.push((*level, text.clone()));
            let headings =
                path.iter().map(|(_, text)| text).filter(|text| !same(text, title)).cloned().collect();
            sections.push(Section { headings, parts: Vec::new() });
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        let lines = match block {
            Block::Heading { .. } => continue,
            Block::Table { header, rows } => {
                section.parts.push(Part::Table(table_rows(header, rows)));
                continue;
            }
            Block::Paragraph { text } => prose_lines(text),
            Block::ListItem { text } if words(text) <= MAX_WORDS => vec![text.clone()],
            Block::ListItem { text } => prose_lines(text),
        };
        match section.parts.last_mut() {
            Some(Part::Prose(before)) => before.extend(lines),
            _ => section.parts.push(Part::Prose(lines)),
        }
    }
    sections.retain(|section| !section.parts.is_empty());
    sections
}

/// Sentences, each on one line; what is endless is cut.
fn prose_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for sentence in sentences(text) {
        let pieces: Vec<&str> = sentence.split_whitespace().collect();
        let most = if pieces.len() > ENDLESS_WORDS { MAX_WORDS } else { ENDLESS_WORDS };
        lines.extend(pieces.chunks(most).map(|piece| piece.join(" ")));
    }
    lines
}

/// `Header: value; Header: value`, with the first cell, by which rows belong together.
fn table_rows(header: &[String], rows: &[Vec<String>]) -> Vec<(String, String)> {
    // A table of one row is no header without rows but a row without header.
    let lone = [header.to_vec()];
    let (header, rows) = if rows.is_empty() { (&[][..], &lone[..]) } else { (header, rows) };
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .filter(|(_, cell)| !cell.is_empty())
                .map(|(at, cell)| match header.get(at).map(|name| name.trim_end_matches(':')) {
                    Some(name) if !name.is_empty() => format!("{name}: {cell}"),
                    _ => cell.clone(),
                })
                .collect();
            (row.first().cloned().unwrap_or_default(), cells.join("; "))
        })
        .collect()
}

/// Joins runs of tiny sections of prose that stand under the same heading; each keeps its own heading before its words.
fn joined(sections: Vec<Section>) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    let mut run: Vec<Section> = Vec::new();
    for section in sections {
        let goes_on = run.last().is_some_and(|last| last.parent() == section.parent())
            && run.iter().map(Section::words).sum::<usize>() + section.words() <= JOINED_WORDS;
        if !(section.is_tiny() && goes_on) {
            out.extend(one(std::mem::take(&mut run)));
        }
        if section.is_tiny() { run.push(section) } else { out.push(section) }
    }
    out.extend(one(run));
    out
}

/// A run as one section, or nothing for an empty one.
fn one(mut run: Vec<Section>) -> Option<Section> {
    if run.len() < 2 {
        return run.pop();
    }
    let headings = run[0].parent().to_vec();
    let mut lines = Vec::new();
    for section in run {
        let heading = section.headings.last().cloned();
        for part in section.parts {
            let Part::Prose(own) = part else { continue };
            let mut own = own.into_iter();
            let first = own.next().unwrap_or_default();
            lines.push(match &heading {
                Some(heading) if heading.ends_with(['?', ':', '.', '!']) => format!("{heading} {first}"),
                Some(heading) => format!("{heading}: {first}"),
                None => first,
            });
            lines.extend(own);
        }
    }
    Some(Section { headings, parts: vec![Part::Prose(lines)] })
}

impl Section {
    fn parent(&self) -> &[String] {
        self.headings.split_last().map_or(&[], |(_, parent)| parent)
    }

    fn words(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Prose(lines) => lines.iter().map(|line| words(line)).sum(),
                Part::Table(_) => MAX_WORDS,
            })
            .sum()
    }

    /// Small prose under a heading of its own.
    fn is_tiny(&self) -> bool {
        !self.headings.is_empty() && self.words() < TINY_WORDS
    }

    fn chunks(self) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        for part in self.parts {
            let (kind, texts) = match part {
                Part::Prose(lines) => (PassageKind::Prose, shares(lines)),
                Part::Table(rows) => (PassageKind::Table, row_groups(rows)),
            };
            chunks.extend(texts.into_iter().filter(|text| !text.trim().is_empty()).map(|text| Chunk {
                kind,
                headings: self.headings.clone(),
                text,
            }));
        }
        chunks
    }
}

/// Lines in equal shares: three of 80 words rather than two of 120 and a rest without context. A line goes where its
/// middle falls.
fn shares(lines: Vec<String>) -> Vec<String> {
    let total: usize = lines.iter().map(|line| words(line)).sum();
    let count = total.div_ceil(MAX_WORDS).max(1);
    let mut shares = vec![String::new(); count];
    let mut before = 0;
    for line in lines {
        let own = words(&line);
        let at = ((2 * before + own) * count / (2 * total).max(1)).min(count - 1);
        before += own;
        let share = &mut shares[at];
        if !share.is_empty() {
            share.push('\n');
        }
        share.push_str(&line);
    }
    shares
}

/// Rows in groups; rows that begin with the same cell (one doctor's days) stay together where they fit.
fn row_groups(rows: Vec<(String, String)>) -> Vec<String> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut in_group = 0;
    for kin in rows.chunk_by(|a, b| a.0 == b.0 && !a.0.is_empty()) {
        let kin_words: usize = kin.iter().map(|(_, line)| words(line)).sum();
        let fits =
            |group: &Vec<String>| group.len() + kin.len() <= MAX_ROWS && in_group + kin_words <= MAX_WORDS;
        if !groups.last().is_some_and(fits) {
            groups.push(Vec::new());
            in_group = 0;
        }
        for (_, line) in kin {
            let count = words(line);
            let full = |group: &Vec<String>| {
                !group.is_empty() && (group.len() >= MAX_ROWS || in_group + count > MAX_WORDS)
            };
            if groups.last().is_some_and(full) {
                groups.push(Vec::new());
                in_group = 0;
            }
            in_group += count;
            if let Some(group) = groups.last_mut() {
                group.push(line.clone());
            }
        }
    }
    groups.into_iter().map(|group| group.join("\n")).collect()
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The same words, whatever the case and the punctuation.
fn same(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::extract::markdown_blocks;

    fn of(text: &str) -> Vec<Chunk> {
        chunks("Tarif Kamar", &markdown_blocks(text))
    }

    #[test]
    fn headings_travel_and_the_title_is_said_once() {
        let found = of("# Tarif kamar\n\n## VIP\n\n### Fasilitas\n\nKamar VIP memiliki sofa. Ada kulkas.\n");
        assert_eq!(
            found,
            vec![Chunk {
                kind: PassageKind::Prose,
                headings: vec!["VIP".into(), "Fasilitas".into()],
                text: "Kamar VIP memiliki sofa.\nAda kulkas.".into()
            }]
        );
        assert_eq!(with_path("Tarif Kamar", &found[0].headings, "x"), "Tarif Kamar › VIP › Fasilitas\nx");
    }

    #[test]
    fn rows_say_their_header_and_kin_stays_together() {
        let mut text = "| Dokter | Hari |\n|---|---|\n".to_owned();
        for doctor in ["dr. A", "dr. B", "dr. C"] {
            for day in ["Senin", "Rabu", "Jumat", "Sabtu"] {
                text.push_str(&format!("| {doctor} | {day} |\n"));
            }
        }
        let found = of(&text);
        assert_eq!(found.len(), 3);
        assert!(
            found.iter().all(|chunk| chunk.kind == PassageKind::Table && chunk.text.lines().count() == 4)
        );
        assert!(found[1].text.starts_with("Dokter: dr. B; Hari: Senin\n"));
    }

    #[test]
    fn long_prose_is_shared_out_evenly_and_no_sentence_is_cut() {
        let sentence =
            "Pasien membawa kartu identitas dan kartu penjamin setiap kali berkunjung ke poliklinik.";
        let found = of(&[sentence; 25].join(" "));
        assert_eq!(found.len(), 3);
        for chunk in &found {
            assert!(words(&chunk.text) <= MAX_WORDS && words(&chunk.text) > 80, "{}", words(&chunk.text));
            assert!(chunk.text.lines().all(|line| line == sentence));
        }
    }

    #[test]
    fn tiny_sections_are_joined_with_their_headings() {
        let found = of(
            "# Umum\n\n## Parkir\n\nGratis untuk pasien.\n\n## Musala\n\nLantai 1.\n\n# Lain\n\nPendek saja.\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].text, "Parkir: Gratis untuk pasien.\nMusala: Lantai 1.");
        assert_eq!(found[0].headings, ["Umum"]);
        assert_eq!(found[1].headings, vec!["Lain".to_owned()]);
    }
}

//! What `pdftotext -layout` writes, to blocks. Headings are guessed as in plain text; lines that stand in columns are a table.

use super::{
    Block, one_line, table,
    text::{list_item, with_headings},
};

/// Columns are at least this many spaces apart.
const GAP: &str = "  ";
/// Fewer aligned lines than this are no table.
const TABLE_LINES: usize = 3;

/// The blocks of a page-by-page text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in text.split('\u{c}') {
        let lines: Vec<&str> = page.lines().collect();
        let mut at = 0;
        let mut paragraph = String::new();
        while at < lines.len() {
            let rows = table_at(&lines[at..]);
            if rows.len() >= TABLE_LINES {
                flush(&mut paragraph, &mut blocks);
                at += rows.len();
                blocks.extend(columns(rows));
                continue;
            }
            let line = lines[at];
            at += 1;
            if line.trim().is_empty() {
                flush(&mut paragraph, &mut blocks);
            } else if let Some(item) = list_item(line) {
                flush(&mut paragraph, &mut blocks);
                blocks.push(Block::ListItem { text: one_line(item) });
            } else {
                join(&mut paragraph, line);
            }
        }
        flush(&mut paragraph, &mut blocks);
    }
    with_headings(blocks)
}

/// The rows from here on that have as many cells as the first, at least two.
fn table_at(lines: &[&str]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in lines {
        let cells: Vec<String> = line.split(GAP).map(one_line).filter(|cell| !cell.is_empty()).collect();
        if cells.len() < 2 || rows.first().is_some_and(|first| first.len() != cells.len()) {
            break;
        }
        rows.push(cells);
    }
    rows
}

/// The first row names the columns unless it holds figures.
fn columns(mut rows: Vec<Vec<String>>) -> Option<Block> {
    let named =
        rows.first().is_some_and(|row| row.iter().all(|cell| !cell.contains(|c: char| c.is_ascii_digit())));
    let header = if named { rows.remove(0) } else { Vec::new() };
    table::block(header, rows)
}

/// Adds a line to its paragraph; a word broken at the line's end is put together.
fn join(paragraph: &mut String, line: &str) {
    let line = one_line(line);
    let broken = paragraph.ends_with('-')
        && paragraph.trim_end_matches('-').ends_with(char::is_lowercase)
        && line.starts_with(char::is_lowercase);
    if broken && !reduplicated(paragraph, &line) {
        paragraph.pop();
    } else if !paragraph.is_empty() && !broken {
        paragraph.push(' ');
    }
    paragraph.push_str(&line);
}

/// `anak-` / `anak`: a plural, whose hyphen stays.
fn reduplicated(paragraph: &str, line: &str) -> bool {
    let before = paragraph.trim_end_matches('-').rsplit(' ').next().unwrap_or_default();
    !before.is_empty() && line.starts_with(before)
}

fn flush(paragraph: &mut String, blocks: &mut Vec<Block>) {
    let text = std::mem::take(paragraph);
    if !text.is_empty() {
        blocks.push(Block::Paragraph { text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_a_table_and_broken_words_whole() {
        let found = blocks(
            "Pendaf-\ntaran anak-\nanak dibuka.\n\n Kamar      Tarif\n VIP        Rp900.000\n Kelas 1    Rp500.000\n\u{c}1. Bawa KTP\n",
        );
        let cells = |row: [&str; 2]| row.map(str::to_owned).to_vec();
        assert_eq!(
            found,
            vec![
                Block::Paragraph { text: "Pendaftaran anak-anak dibuka.".into() },
                Block::Table {
                    header: cells(["Kamar", "Tarif"]),
                    rows: vec![cells(["VIP", "Rp900.000"]), cells(["Kelas 1", "Rp500.000"])]
                },
                Block::ListItem { text: "Bawa KTP".into() },
            ]
        );
    }
}

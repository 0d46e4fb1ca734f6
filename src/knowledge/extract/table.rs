//! Tables: CSV, and what every format's tables have in common.

use super::{Block, ExtractError, one_line};

/// A table block without its empty rows; nothing if no cell holds a word.
pub(super) fn block(header: Vec<String>, rows: Vec<Vec<String>>) -> Option<Block> {
    let filled = |row: &Vec<String>| row.iter().any(|cell| !cell.is_empty());
    let rows: Vec<_> = rows.into_iter().filter(filled).collect();
    let header = if filled(&header) { header } else { Vec::new() };
    if rows.is_empty() && header.is_empty() { None } else { Some(Block::Table { header, rows }) }
}

/// Blocks of a sheet of cells. A row with one filled cell among several columns is a caption and parts the tables; an
/// empty row parts them too; the first full row of each is its header.
pub(super) fn sheet_blocks(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut table: Vec<Vec<String>> = Vec::new();
    for row in rows {
        let filled = row.iter().filter(|cell| !cell.is_empty()).count();
        let caption = filled == 1 && row.len() > 1 && table.is_empty();
        if filled == 0 || caption {
            flush(&mut table, &mut blocks);
        }
        if caption {
            let text = row.into_iter().find(|cell| !cell.is_empty()).unwrap_or_default();
            blocks.push(Block::Paragraph { text });
        } else if filled > 0 {
            table.push(row);
        }
    }
    flush(&mut table, &mut blocks);
    blocks
}

fn flush(table: &mut Vec<Vec<String>>, blocks: &mut Vec<Block>) {
    let mut rows = std::mem::take(table).into_iter();
    if let Some(header) = rows.next() {
        // Columns that are empty all the way down (a margin) only make noise.
        let rows: Vec<_> = rows.collect();
        let width = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
        let used: Vec<usize> = (0..width)
            .filter(|column| {
                rows.iter().chain([&header]).any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
            })
            .collect();
        let keep =
            |row: &Vec<String>| used.iter().map(|at| row.get(*at).cloned().unwrap_or_default()).collect();
        blocks.extend(block(keep(&header), rows.iter().map(keep).collect()));
    }
}

/// The blocks of a CSV file; the separator is the one that the first line has most of.
///
/// # Errors
/// [`ExtractError::Malformed`] with the line.
pub(super) fn csv_blocks(text: &str) -> Result<Vec<Block>, ExtractError> {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|broken| ExtractError::Malformed(broken.to_string()))?;
        rows.push(record.iter().map(one_line).collect());
    }
    Ok(sheet_blocks(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(row: &[&str]) -> Vec<String> {
        row.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn semicolons_quotes_and_the_header() -> Result<(), ExtractError> {
        let found = csv_blocks("Dokter;Jam\n\"dr. Sari, Sp.A\";08.00\n")?;
        assert_eq!(
            found,
            vec![Block::Table {
                header: cells(&["Dokter", "Jam"]),
                rows: vec![cells(&["dr. Sari, Sp.A", "08.00"])]
            }]
        );
        Ok(())
    }

    #[test]
    fn captions_part_the_tables_of_a_sheet() {
        let found = sheet_blocks([
            cells(&["", "Tarif kamar", ""]),
            cells(&["", "Kamar", "Tarif"]),
            cells(&["", "VIP", "900000"]),
            cells(&["", "", ""]),
            cells(&["", "Tarif lab", ""]),
            cells(&["", "Jenis", "Tarif"]),
            cells(&["", "Gula darah", "35000"]),
        ]);
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], Block::Paragraph { text: "Tarif kamar".into() });
        assert_eq!(
            found[3],
            Block::Table { header: cells(&["Jenis", "Tarif"]), rows: vec![cells(&["Gula darah", "35000"])] }
        );
    }
}

//! XLSX and ODS: each sheet a heading and its tables. A merged cell's value stands in every cell it covers, so that each
//! row can be read alone.

use std::io::Cursor;

use calamine::{Data, Dimensions, ExcelDateTime, Ods, Range, Reader, SheetVisible, Xlsx};

use super::{Block, ExtractError, Format, docx::check_archive, one_line, table};

/// More cells than this are no document (and a sparse sheet's empty cells take memory too).
const MAX_CELLS: u64 = 2_000_000;
const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

/// The blocks of a workbook; hidden sheets stay hidden.
pub(super) fn blocks(bytes: &[u8], format: Format, unpacked: u64) -> Result<Vec<Block>, ExtractError> {
    let inside = if format == Format::Xlsx { "xl/workbook.xml" } else { "content.xml" };
    check_archive(bytes, inside, format, unpacked)?;
    let broken = |why: &dyn std::fmt::Display| ExtractError::Malformed(why.to_string());
    let mut found = Vec::new();
    if format == Format::Xlsx {
        let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|why| broken(&why))?;
        for name in visible(&book) {
            let range = book.worksheet_range(&name).map_err(|why| broken(&why))?;
            let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
            sheet(&name, range, &merged, &mut found)?;
        }
    } else {
        let mut book = Ods::new(Cursor::new(bytes)).map_err(|why| broken(&why))?;
        for name in visible(&book) {
            let range = book.worksheet_range(&name).map_err(|why| broken(&why))?;
            sheet(&name, range, &[], &mut found)?;
        }
    }
    Ok(found)
}

fn visible<'a>(book: &impl Reader<Cursor<&'a [u8]>>) -> Vec<String> {
    book.sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect()
}

fn sheet(
    name: &str,
    mut range: Range<Data>,
    merged: &[Dimensions],
    found: &mut Vec<Block>,
) -> Result<(), ExtractError> {
    let (height, width) = range.get_size();
    if (height as u64) * (width as u64) > MAX_CELLS {
        return Err(ExtractError::TooMuchInside { limit: MAX_CELLS });
    }
    let (Some(from), Some(to)) = (range.start(), range.end()) else { return Ok(()) };
    for area in merged {
        let value = range.get_value(area.start).cloned().unwrap_or_default();
        // A title across the whole sheet stays one cell: it is a caption, not a row.
        let caption =
            area.start.0 == area.end.0 && area.end.1.saturating_sub(area.start.1) as usize + 1 >= width;
        if value == Data::Empty || caption {
            continue;
        }
        for row in area.start.0..=area.end.0.min(to.0) {
            for column in area.start.1..=area.end.1.min(to.1) {
                if row >= from.0 && column >= from.1 {
                    range.set_value((row, column), value.clone());
                }
            }
        }
    }
    let blocks = table::sheet_blocks(range.rows().map(|row| row.iter().map(cell).collect()));
    if !blocks.is_empty() {
        found.push(Block::Heading { level: 1, text: one_line(name) });
        found.extend(blocks);
    }
    Ok(())
}

/// A cell's value as a person would write it. What a number means (rupiah, a year) its header says.
fn cell(value: &Data) -> String {
    match value {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => one_line(text),
        Data::Bool(true) => "ya".into(),
        Data::Bool(false) => "tidak".into(),
        Data::DateTime(moment) => date(moment),
        Data::Error(_) | Data::Empty => String::new(),
    }
}

/// `31 Januari 2026`, `08.00`, or both.
fn date(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, ..) = moment.to_ymd_hms_milli();
    let date = MONTHS.get(usize::from(month).wrapping_sub(1)).map(|name| format!("{day} {name} {year}"));
    let has_day = moment.as_f64() >= 1.0;
    let has_time = moment.as_f64().fract() != 0.0 || !has_day;
    match (date.filter(|_| has_day), has_time) {
        (Some(date), false) => date,
        (Some(date), true) => format!("{date} {hour:02}.{minute:02}"),
        (None, _) => format!("{hour:02}.{minute:02}"),
    }
}

//! DOCX, XLSX and ODS, built here with the zip crate, read by the real child.

use std::io::{Cursor, Write};

use anyhow::Result;
use satubumi::{
    domain::PassageKind,
    knowledge::extract::{Block, ExtractError, Extractor, Limits},
};
use zip::{ZipWriter, write::SimpleFileOptions};

pub fn extractor() -> Extractor {
    Extractor { program: env!("CARGO_BIN_EXE_satubumi").into(), limits: Limits::default() }
}

/// An archive of named texts.
pub fn archive(entries: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default())?;
        zip.write_all(content.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn cells(row: &[&str]) -> Vec<String> {
    row.iter().map(|cell| (*cell).to_owned()).collect()
}

#[tokio::test]
async fn docx_keeps_headings_lists_and_tables() -> Result<()> {
    const NS: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";
    let styles = format!(
        "<w:styles {NS}><w:style w:styleId=\"Judul1\"><w:name w:val=\"heading 1\"/></w:style>\
         <w:style w:styleId=\"Bab\"><w:name w:val=\"Bab\"/><w:pPr><w:outlineLvl w:val=\"1\"/></w:pPr></w:style></w:styles>"
    );
    let run = |text: &str| format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>");
    let paragraph = |style: &str, text: &str| format!("<w:p><w:pPr>{style}</w:pPr>{}</w:p>", run(text));
    let cell =
        |inside: &str, text: &str| format!("<w:tc><w:tcPr>{inside}</w:tcPr><w:p>{}</w:p></w:tc>", run(text));
    let document = format!(
        "<?xml version=\"1.0\"?><w:document {NS}><w:body>{}{}<w:p>{}{}<w:del><w:r><w:delText>lama</w:delText></w:r></w:del>\
         <w:r><w:br/><w:t>Poli &amp; IGD.</w:t></w:r></w:p>{}<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl>\
         </w:body></w:document>",
        paragraph("<w:pStyle w:val=\"Judul1\"/>", "Rawat inap"),
        paragraph("<w:pStyle w:val=\"Bab\"/>", "Jam besuk"),
        run("Besuk pukul "),
        run("11.00 &#x2013; 13.00. "),
        paragraph("<w:numPr><w:numId w:val=\"1\"/></w:numPr>", "Maksimal dua orang"),
        cell("", "Ruang"),
        cell("", "Jam"),
        cell("<w:vMerge w:val=\"restart\"/>", "ICU"),
        cell("", "11.00"),
        cell("<w:vMerge/>", ""),
        cell("", "17.00"),
    );
    let bytes = archive(&[
        ("[Content_Types].xml", ""),
        ("word/styles.xml", &styles),
        ("word/document.xml", &document),
    ])?;
    let blocks = extractor().extract("ranap.docx", &bytes).await?;
    assert_eq!(
        blocks,
        vec![
            Block::Heading { level: 1, text: "Rawat inap".into() },
            Block::Heading { level: 2, text: "Jam besuk".into() },
            Block::Paragraph { text: "Besuk pukul 11.00 – 13.00.\nPoli & IGD.".into() },
            Block::ListItem { text: "Maksimal dua orang".into() },
            Block::Table {
                header: cells(&["Ruang", "Jam"]),
                rows: vec![cells(&["ICU", "11.00"]), cells(&["ICU", "17.00"])]
            },
        ]
    );
    Ok(())
}

/// A workbook of one sheet, whose rows are given as XML.
fn workbook(rows: &str, after: &str) -> Result<Vec<u8>> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"Tarif kamar\" sheetId=\"1\" r:id=\"rId1\"/>\
         <sheet name=\"Catatan\" sheetId=\"2\" state=\"hidden\" r:id=\"rId2\"/></sheets></workbook>"
    );
    let root = format!(
        "<Relationships xmlns=\"{RELS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let rels = format!(
        "<Relationships xmlns=\"{RELS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet2.xml\"/>\
         <Relationship Id=\"rId3\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
    );
    let styles = format!(
        "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"20\"/></cellXfs>\
         </styleSheet>"
    );
    let sheet = |rows: &str, after: &str| {
        format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData>{after}</worksheet>")
    };
    let hidden = sheet("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>rahasia</t></is></c></row>", "");
    archive(&[
        ("_rels/.rels", &root),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &rels),
        ("xl/styles.xml", &styles),
        ("xl/worksheets/sheet1.xml", &sheet(rows, after)),
        ("xl/worksheets/sheet2.xml", &hidden),
    ])
}

#[tokio::test]
async fn xlsx_keeps_the_header_with_each_row() -> Result<()> {
    let text = |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = [
        format!("<row r=\"1\">{}</row>", text("A1", "Tarif kamar per hari")),
        format!("<row r=\"2\">{}{}{}{}</row>", text("A2", "Kelas"), text("B2", "Tarif"), text("C2", "Mulai"), text("D2", "Jam")),
        format!(
            "<row r=\"3\">{}<c r=\"B3\"><v>900000</v></c><c r=\"C3\" s=\"1\"><v>46023</v></c><c r=\"D3\" s=\"2\"><v>0.5625</v></c></row>",
            text("A3", "VIP")
        ),
        "<row r=\"4\"><c r=\"B4\"><v>950000.5</v></c></row>".to_owned(),
    ]
    .concat();
    let merged = "<mergeCells count=\"2\"><mergeCell ref=\"A1:D1\"/><mergeCell ref=\"A3:A4\"/></mergeCells>";
    let blocks = extractor().extract("tarif.xlsx", &workbook(&rows, merged)?).await?;
    assert_eq!(
        blocks,
        vec![
            Block::Heading { level: 1, text: "Tarif kamar".into() },
            Block::Paragraph { text: "Tarif kamar per hari".into() },
            Block::Table {
                header: cells(&["Kelas", "Tarif", "Mulai", "Jam"]),
                rows: vec![
                    cells(&["VIP", "900000", "1 Januari 2026", "13.30"]),
                    cells(&["VIP", "950000.5", "", ""])
                ],
            },
        ]
    );
    let chunks = satubumi::knowledge::chunks("Tarif", &blocks);
    assert_eq!(chunks[1].kind, PassageKind::Table);
    assert_eq!(
        chunks[1].text,
        "Kelas: VIP; Tarif: 900000; Mulai: 1 Januari 2026; Jam: 13.30\nKelas: VIP; Tarif: 950000.5"
    );
    Ok(())
}

#[tokio::test]
async fn ods_is_read_like_xlsx() -> Result<()> {
    let content = "<?xml version=\"1.0\"?><office:document-content \
         xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:spreadsheet>\
         <table:table table:name=\"Lab\"><table:table-row>\
         <table:table-cell office:value-type=\"string\"><text:p>Periksa</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>Tarif</text:p></table:table-cell></table:table-row>\
         <table:table-row><table:table-cell office:value-type=\"string\"><text:p>Gula darah</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"float\" office:value=\"35000\"><text:p>Rp35.000</text:p></table:table-cell>\
         </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>";
    let bytes = archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
        ("content.xml", content),
    ])?;
    let blocks = extractor().extract("lab.ods", &bytes).await?;
    assert_eq!(blocks[0], Block::Heading { level: 1, text: "Lab".into() });
    assert_eq!(
        blocks[1],
        Block::Table { header: cells(&["Periksa", "Tarif"]), rows: vec![cells(&["Gula darah", "35000"])] }
    );
    Ok(())
}

#[tokio::test]
async fn an_archive_of_another_kind_is_refused() -> Result<()> {
    let bytes = archive(&[("apa/saja.txt", "halo")])?;
    for name in ["a.docx", "a.xlsx", "a.ods"] {
        let refused = extractor().extract(name, &bytes).await;
        assert!(matches!(refused, Err(ExtractError::WrongContent { .. })), "{name}: {refused:?}");
    }
    let broken = archive(&[("word/document.xml", "<w:document><w:p></w:document>")])?;
    assert!(matches!(extractor().extract("a.docx", &broken).await, Err(ExtractError::Malformed(_))));
    Ok(())
}

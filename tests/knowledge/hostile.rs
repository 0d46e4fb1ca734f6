//! S7: files made to break parsers cost a line in the report and nothing else.

use std::{
    io::{Cursor, Write},
    time::Duration,
};

use anyhow::{Context, Result};
use satubumi::knowledge::extract::{Block, ExtractError, Extractor};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    office::{archive, extractor},
    support::{Hospital, files},
};

/// Files that a careful parser reads although they are odd, with words that they hold. Written here in the manner of the
/// public test sets, so that the tests need none of them.
fn odd_pdfs() -> Vec<(&'static str, Vec<u8>)> {
    let page = |text: &str| pdf(&format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET"));
    let good = page("Poli gigi buka hari Sabtu");
    let mut no_eof = good.clone();
    no_eof.truncate(good.len() - "%%EOF\n".len());
    let mut junk_before = b"<!-- unduhan -->\n".to_vec();
    junk_before.extend(&good);
    let mut wrong_table = good.clone();
    if let Some(at) = wrong_table.windows(9).rposition(|window| window == b"startxref") {
        wrong_table.truncate(at);
        wrong_table.extend(b"startxref\n7\n%%EOF\n");
    }
    vec![("good", good), ("no end", no_eof), ("junk before", junk_before), ("wrong table", wrong_table)]
}

/// A one-page document with this content stream.
fn pdf(content: &str) -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
            .to_owned(),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    bytes.extend(
        format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1).bytes(),
    );
    bytes
}

#[tokio::test]
async fn s07_odd_pdfs_are_read_and_columns_become_tables() -> Result<()> {
    for (what, bytes) in odd_pdfs() {
        let blocks = extractor().extract("a.pdf", &bytes).await.with_context(|| what.to_owned())?;
        assert_eq!(blocks, vec![Block::Paragraph { text: "Poli gigi buka hari Sabtu".into() }], "{what}");
    }
    let rows = [("Kamar", "Tarif"), ("VIP", "Rp900.000"), ("Kelas 1", "Rp500.000")];
    let content: String = (0..)
        .zip(rows)
        .map(|(at, (room, price))| {
            let y = 700 - 20 * at;
            format!("BT /F1 12 Tf 72 {y} Td ({room}) Tj ET BT /F1 12 Tf 300 {y} Td ({price}) Tj ET ")
        })
        .collect();
    let blocks = extractor().extract("a.pdf", &pdf(&content)).await?;
    let cells = |row: (&str, &str)| vec![row.0.to_owned(), row.1.to_owned()];
    assert_eq!(
        blocks,
        vec![Block::Table { header: cells(rows[0]), rows: vec![cells(rows[1]), cells(rows[2])] }]
    );
    Ok(())
}

#[tokio::test]
async fn s07_broken_empty_and_locked_pdfs_are_named() -> Result<()> {
    let cut = &pdf("BT /F1 12 Tf (x) Tj ET")[..40];
    assert!(matches!(extractor().extract("a.pdf", cut).await, Err(ExtractError::Malformed(_))));
    let scan = pdf("");
    assert!(matches!(extractor().extract("a.pdf", &scan).await, Err(ExtractError::NoText)));
    let nested = format!("%PDF-1.4\n1 0 obj\n{}\n", "[".repeat(200_000));
    let refused = extractor().extract("a.pdf", nested.as_bytes()).await;
    assert!(matches!(refused, Err(ExtractError::Malformed(_) | ExtractError::Crashed(_))), "{refused:?}");
    Ok(())
}

/// Bytes of the same letter, a thousand to one.
fn bomb(name: &str, megabytes: usize) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default())?;
    let block = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        zip.write_all(&block)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[tokio::test]
async fn s07_archives_that_unpack_to_too_much_are_refused() -> Result<()> {
    for (name, inside) in
        [("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml"), ("a.ods", "content.xml")]
    {
        let bytes = bomb(inside, 160)?;
        assert!(bytes.len() < 1 << 20);
        let refused = extractor().extract(name, &bytes).await;
        assert!(matches!(refused, Err(ExtractError::TooMuchInside { .. })), "{name}: {refused:?}");
    }
    // The header may lie about the size; what is counted is what comes out.
    let mut lying = bomb("word/document.xml", 160)?;
    let central = lying.windows(4).rposition(|window| window == b"PK\x01\x02").context("no directory")?;
    lying[central + 24..central + 28].copy_from_slice(&9u32.to_le_bytes());
    let refused = extractor().extract("a.docx", &lying).await;
    assert!(
        matches!(refused, Err(ExtractError::TooMuchInside { .. } | ExtractError::Malformed(_))),
        "{refused:?}"
    );
    Ok(())
}

/// Nothing is unpacked to a path, so a name inside an archive leads nowhere.
#[tokio::test]
async fn s07_names_inside_an_archive_lead_nowhere() -> Result<()> {
    let hospital = Hospital::new()?;
    let target = hospital.folder.path().join("ditulis.txt");
    let outside = format!("../../../../../../../../../../..{}", target.display());
    let document =
        "<w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>Isi surat.</w:t></w:r></w:p></w:body></w:document>";
    let bytes = archive(&[
        (&outside, "jebol"),
        (&target.display().to_string(), "jebol"),
        ("..\\..\\ditulis.txt", "jebol"),
        (&"n".repeat(300), "nama panjang"),
        ("word/document.xml", document),
    ])?;
    hospital.put("surat.docx", bytes)?;
    assert_eq!(hospital.ingest().await?.failed, []);
    assert_eq!(hospital.search("isi surat").await?[0].passage.text, "Isi surat.");
    assert!(!target.exists());
    Ok(())
}

/// An entity that multiplies itself stays what it is: not expanded.
#[tokio::test]
async fn s07_entities_do_not_multiply() -> Result<()> {
    let mut definitions = "<!ENTITY a0 \"jebol \">".to_owned();
    for level in 1..10 {
        definitions.push_str(&format!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10)));
    }
    let document = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE d [{definitions}]><w:document xmlns:w=\"w\"><w:p><w:r><w:t>Isi &a9; surat.</w:t></w:r></w:p></w:document>"
    );
    let blocks = extractor().extract("a.docx", &archive(&[("word/document.xml", &document)])?).await?;
    assert_eq!(blocks, vec![Block::Paragraph { text: "Isi surat.".into() }]);
    Ok(())
}

/// The child's bounds hold: memory, processor time, the clock, what it may print.
#[tokio::test]
async fn s07_a_child_that_wants_too_much_is_stopped() -> Result<()> {
    let limited = |change: &dyn Fn(&mut Extractor)| {
        let mut extractor = extractor();
        change(&mut extractor);
        extractor
    };
    let wide = format!("<table><tr>{}</tr></table>", "<td>sel</td>".repeat(400_000));
    let memory = limited(&|extractor| extractor.limits.memory_bytes = 24 << 20);
    let refused = memory.extract("a.html", wide.as_bytes()).await;
    assert!(matches!(refused, Err(ExtractError::Crashed(_))), "memory: {refused:?}");

    let output = limited(&|extractor| extractor.limits.output_bytes = 1 << 10);
    let refused = output.extract("a.html", format!("<p>{}", "kata ".repeat(10_000)).as_bytes()).await;
    assert!(matches!(refused, Err(ExtractError::TooMuchInside { .. })), "output: {refused:?}");

    let clock = limited(&|extractor| extractor.limits.wall = Duration::from_millis(1));
    let refused = clock.extract("a.html", wide.as_bytes()).await;
    assert!(matches!(refused, Err(ExtractError::TooSlow { .. })), "clock: {refused:?}");

    let size = limited(&|extractor| extractor.limits.file_bytes = 1 << 10);
    let refused = size.extract("a.html", wide.as_bytes()).await;
    assert!(matches!(refused, Err(ExtractError::TooLarge { .. })), "size: {refused:?}");
    Ok(())
}

#[tokio::test]
async fn a_program_that_is_missing_is_the_machine_s_fault() -> Result<()> {
    let hospital =
        Hospital::with(64, None, |options| options.extractor = Some("/nonexistent/satubumi".into()))?;
    hospital.put("a.html", "<p>Isi halaman.</p>")?;
    assert_eq!(hospital.ingest().await?.failed.len(), 1);
    // Nothing is remembered against the document: with the program there, it is taken.
    let repaired = hospital.beside(64, |_| {})?;
    assert_eq!(repaired.ingest(&|_| {}).await?.added, ["documents/a.html"]);
    Ok(())
}

/// The malformed set that lies beside the checkout, where there is one: none hangs, none harms the parent, and at least
/// as many give text as a pure-Rust parser was measured to read.
#[tokio::test]
async fn s07_the_malformed_set_beside_the_checkout() -> Result<()> {
    let Some(folder) = malformed_set() else { return Ok(()) };
    let results = std::fs::read_to_string(folder.join("pdf-extract-0.12.1-results.txt"))?;
    let readable: Vec<&str> = results
        .lines()
        .filter(|line| line.contains("|OK chars=") && !line.contains("chars=0 "))
        .filter_map(|line| line.split('|').next())
        .collect();
    assert!(!readable.is_empty());
    let extractor = extractor();
    let mut read = Vec::new();
    for path in files(&folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.ends_with(".pdf") {
            continue;
        }
        match extractor.extract(&name, &std::fs::read(&path)?).await {
            Ok(_) => read.push(name),
            Err(ExtractError::Run(broken)) => anyhow::bail!("{name}: {broken}"),
            Err(ExtractError::MissingProgram { program, .. }) => {
                anyhow::bail!("{program} is needed for the tests")
            }
            Err(_) => {}
        }
    }
    for name in &readable {
        assert!(read.iter().any(|read| read == name), "{name} gave no text");
    }
    Ok(())
}

/// `shared/data/pdf-malformed` in a folder above the checkout.
fn malformed_set() -> Option<std::path::PathBuf> {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/data/pdf-malformed"))
        .find(|folder| folder.is_dir())
}

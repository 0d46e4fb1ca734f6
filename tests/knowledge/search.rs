//! What a question finds: by words spelled anyhow, by meaning, and only what holds today.

use anyhow::Result;
use jiff::civil::date;
use satubumi::{ai::Reranker, store::passages::lexical};

use super::support::{Hospital, TODAY};

async fn clinic() -> Result<Hospital> {
    let hospital = Hospital::new()?;
    hospital.put(
        "poli.md",
        "# Jadwal poliklinik\n\n## Gigi\n\nPoliklinik gigi buka hari Sabtu pukul 08.00 sampai 13.00. Pasien gigi lama dan baru \
         dilayani dokter gigi menurut nomor antrean yang diambil di loket lantai dasar sebelum pukul sebelas siang.\n\n\
         ## Mata\n\nPoliklinik mata buka hari Rabu. Pasien mata dilayani dokter spesialis menurut nomor antrean yang \
         diambil di loket lantai dasar sebelum pukul sebelas siang setiap hari praktik.\n",
    )?;
    hospital
        .put("daftar.md", "# Pendaftaran\n\nPendaftaran pasien baru memerlukan kartu identitas asli.\n")?;
    hospital.put("terapi.md", "# Akupunktur\n\nTerapi akupunktur dilakukan oleh dokter Wibisana.\n")?;
    hospital.put("kamar.md", "# Kamar\n\nRuang perawatan kelas satu berisi dua tempat tidur.\n")?;
    hospital.ingest().await?;
    Ok(hospital)
}

#[tokio::test]
async fn typing_errors_slang_and_affixes_find_the_words() -> Result<()> {
    let hospital = clinic().await?;
    for (question, path) in [
        ("terapi akupnktur", "documents/terapi.md"),
        ("terapi sama dokter wibisna", "documents/terapi.md"),
        ("gmn cara ndaftar ya kak", "documents/daftar.md"),
        ("mendaftarkan ibu saya", "documents/daftar.md"),
        ("poli gigi sabtu bka jm brp", "documents/poli.md"),
        ("perawatannya kelas brp aja", "documents/kamar.md"),
    ] {
        // A vector without direction: the words alone decide.
        let result = hospital.knowledge.search(question, &[0.0; 64], 3, TODAY).await?;
        let best = &result.passages[0];
        assert_eq!(best.passage.path, path, "{question}: {:?}", result.terms);
        assert!(best.lexical > 0.0, "{question}: {:?}", result.terms);
    }
    // A name that no dictionary knows, but the documents do.
    let embedding = hospital.knowledge.embed("wibisna").await?;
    let result = hospital.knowledge.search("wibisna", &embedding, 3, TODAY).await?;
    assert_eq!(result.terms.corrections, [("wibisna".to_owned(), "wibisana".to_owned())]);
    Ok(())
}

#[tokio::test]
async fn a_heading_finds_the_passage_below_it() -> Result<()> {
    let hospital = clinic().await?;
    let found = hospital.search("jadwal poliklinik mata").await?;
    assert_eq!(found[0].passage.headings, ["Mata"]);
    assert!(found[0].score > found[1].score);
    Ok(())
}

#[tokio::test]
async fn a_question_without_words_or_with_operators_harms_nothing() -> Result<()> {
    let hospital = clinic().await?;
    for question in
        ["", "???", "yang di ke", "\"", "gigi\" OR heading : *", "NEAR(gigi mata, 1)", "😀", "gigi*^"]
    {
        let found = hospital.search(question).await?;
        assert!(!found.is_empty() && found.iter().all(|found| found.score.is_finite()), "{question:?}");
    }
    let empty = Hospital::new()?;
    assert_eq!(empty.search("jam buka").await?, []);
    Ok(())
}

/// C5: what has expired or does not hold yet never comes; a newer document beats an older one of its title.
#[tokio::test]
async fn c05_only_what_holds_on_the_day_is_found() -> Result<()> {
    let hospital = Hospital::new()?;
    let tariff = |from: &str, until: &str, price: &str| {
        format!(
            "---\ntitle: Tarif kamar\ndepartment: Keuangan\nvalid-from: {from}\nvalid-until: {until}\n---\nTarif kamar VIP {price}.\n"
        )
    };
    hospital.put("2025.md", tariff("2025-01-01", "2025-12-31", "Rp800.000"))?;
    hospital.put("2026.md", tariff("2026-01-01", "", "Rp900.000"))?;
    hospital.put("2026-koreksi.md", tariff("2026-07-01", "", "Rp950.000"))?;
    hospital.put("2027.md", tariff("2027-01-01", "", "Rp990.000"))?;
    hospital.put(
        "lain.md",
        "---\ntitle: Tarif kamar\ndepartment: Penunjang\nvalid-from: 2024-01-01\n---\nTarif kamar isolasi Rp700.000.\n",
    )?;
    assert_eq!(hospital.ingest().await?.failed, []);
    for (day, price) in [
        (date(2024, 6, 1), None),
        (date(2025, 12, 31), Some("Rp800.000")),
        (date(2026, 1, 1), Some("Rp900.000")),
        (date(2026, 6, 30), Some("Rp900.000")),
        (date(2026, 7, 1), Some("Rp950.000")),
        (date(2027, 1, 1), Some("Rp990.000")),
    ] {
        let found = hospital.search_on("tarif kamar vip", day).await?;
        let vip: Vec<&str> = found
            .iter()
            .map(|found| found.passage.text.as_str())
            .filter(|text| text.contains("VIP"))
            .collect();
        let expected = price.map(|price| format!("Tarif kamar VIP {price}."));
        assert_eq!(vip, expected.as_deref().into_iter().collect::<Vec<_>>(), "{day}");
        // Another department's document of the same title is no edition of it.
        assert_eq!(found.iter().filter(|found| found.passage.text.contains("isolasi")).count(), 1, "{day}");
    }
    Ok(())
}

/// Hundreds of expired passages must not crowd out the one that holds.
#[tokio::test]
async fn c05_an_archive_does_not_hide_what_holds() -> Result<()> {
    let hospital = Hospital::new()?;
    let rows: String = (0..2400).map(|at| format!("| Kamar VIP {at} | Rp{at}.000 |\n")).collect();
    hospital.put(
        "arsip.md",
        format!("---\ntitle: Arsip\nvalid-until: 2025-12-31\n---\n| Kamar | Tarif |\n|---|---|\n{rows}"),
    )?;
    hospital.put(
        "kini.md",
        "---\ntitle: Kini\n---\nUntuk kamar VIP dan kamar lain berlaku tarif baru yang tertera di loket.\n",
    )?;
    hospital.ingest().await?;
    assert!(hospital.knowledge.status().await?.passages > 300);
    let found = hospital.search("tarif kamar vip").await?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].passage.title, "Kini");
    assert!(found[0].lexical > 0.0 && found[0].dense > 0.0);
    Ok(())
}

#[tokio::test]
async fn a_reranker_has_the_last_word() -> Result<()> {
    let hospital = Hospital::with(64, Some(Reranker::Scripted), |_| {})?;
    hospital.put("a.md", "# Jam\n\nJam buka kantin pukul enam pagi.\n")?;
    hospital.put("b.md", "# Poli\n\nPoli gigi buka hari Sabtu.\n")?;
    hospital.ingest().await?;
    let question = "hari sabtu poli gigi buka";
    let embedding = hospital.knowledge.embed(question).await?;
    let result = hospital.knowledge.search(question, &embedding, 1, TODAY).await?;
    assert!(result.reranked);
    assert_eq!(result.passages.len(), 1);
    assert_eq!(result.passages[0].passage.title, "Poli");
    let found = &result.passages[0];
    assert!(
        found.score > 3.0 && found.fused < 2.0,
        "the reranker's own logit, and the fused score: {found:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_passage_gains_by_the_line_that_is_nearest() -> Result<()> {
    let text = "| Dokter | Hari |\n|---|---|\n| Sekar | Senin |\n| Damar | Selasa |\n| Ratna | Rabu |\n| Bagas | Kamis |\n";
    let mut scores = Vec::new();
    for lines in [false, true] {
        let hospital = Hospital::with(64, None, |options| options.lines = lines)?;
        hospital.put("jadwal.md", text)?;
        hospital.ingest().await?;
        let found = hospital.search("jadwal dokter ratna hari rabu").await?;
        assert_eq!(found[0].fused, found[0].score, "no reranker gave another");
        scores.push(found[0].fused);
    }
    assert!(scores[1] > scores[0] + 0.05, "{scores:?}");
    Ok(())
}

/// The scores in memory are SQLite's own, on the hospital's real documents.
#[tokio::test]
async fn word_scores_are_those_of_the_full_text_index() -> Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge");
    let hospital = Hospital::with(64, None, |options| {
        options.folder = root.into();
        options.lines = false;
    })?;
    hospital.ingest().await?;
    for question in
        ["jam besuk pasien icu", "tarif kamar vip", "syarat rujukan bpjs poli jantung", "parkir motor"]
    {
        let result = hospital.knowledge.search(question, &[0.0; 64], 40, TODAY).await?;
        let stems = result.terms.stems.clone();
        let oracle = hospital.store.read(move |tx| lexical(tx, &stems, 1.0, 10_000)).await?;
        assert!(result.passages.len() >= 20, "{question}");
        for found in &result.passages {
            let score =
                oracle.iter().find(|(id, _)| *id == found.passage.id).map_or(0.0, |(_, score)| *score);
            assert!((score - found.lexical).abs() < 1e-3, "{question}: {score} and {}", found.lexical);
        }
        assert!(result.passages[0].lexical > result.passages[19].lexical);
    }
    Ok(())
}

//! What changed is indexed, what did not is left alone, what is broken is named.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use satubumi::store::documents::documents;

use super::support::{Hospital, TODAY};

#[tokio::test]
async fn only_what_changed_is_read_again() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("umum/parkir.md", "# Parkir\n\nParkir mobil Rp5.000 per jam.\n")?;
    hospital.put("kamar.md", "# Kamar\n\nKamar VIP memiliki sofa.\n")?;
    let first = hospital.ingest().await?;
    assert_eq!(first.added, ["documents/kamar.md", "documents/umum/parkir.md"]);
    assert_eq!(first.failed, []);

    let generation = hospital.knowledge.status().await?.generation;
    let second = hospital.ingest().await?;
    assert_eq!((second.unchanged, second.is_change()), (2, false));
    assert_eq!(hospital.knowledge.status().await?.generation, generation);

    hospital.put("kamar.md", "# Kamar\n\nKamar VIP memiliki kulkas.\n")?;
    std::fs::remove_file(hospital.path("umum/parkir.md"))?;
    let third = hospital.ingest().await?;
    assert_eq!(third.changed, ["documents/kamar.md"]);
    assert_eq!(third.removed, ["documents/umum/parkir.md"]);
    let found = hospital.search("sofa atau kulkas di kamar vip").await?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].passage.text, "Kamar VIP memiliki kulkas.");
    assert_eq!(found[0].passage.path, "documents/kamar.md");
    Ok(())
}

#[tokio::test]
async fn a_side_car_is_part_of_its_document() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("tarif.csv", "Kamar,Tarif\nVIP,Rp900.000\nKelas 1,Rp500.000\n")?;
    hospital.put("tarif.csv.toml", "title = \"Tarif Kamar\"\nvalid-until = 2026-12-31\n")?;
    assert_eq!(hospital.ingest().await?.added, ["documents/tarif.csv"]);
    let found = hospital.search("tarif kamar vip").await?;
    assert_eq!(found[0].passage.title, "Tarif Kamar");
    assert_eq!(found[0].passage.text, "Kamar: VIP; Tarif: Rp900.000\nKamar: Kelas 1; Tarif: Rp500.000");

    hospital.put("tarif.csv.toml", "title = \"Tarif Kamar\"\nvalid-until = 2026-10-31\n")?;
    assert_eq!(hospital.ingest().await?.changed, ["documents/tarif.csv"]);
    assert_eq!(hospital.search("tarif kamar vip").await?, []);
    Ok(())
}

#[tokio::test]
async fn a_broken_document_is_named_with_its_key_and_the_rest_goes_on() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("baik.md", "Parkir gratis untuk pasien.\n")?;
    hospital.put("kunci.md", "---\ntitle: A\nvalid-untill: 2026-01-01\n---\nIsi dokumen.\n")?;
    hospital.put("tanggal.md", "---\ntitle: A\nvalid-from: 31/12/2026\n---\nIsi dokumen.\n")?;
    hospital.put("gambar.jpg", [0xFF, 0xD8, 0xFF])?;
    hospital.put("palsu.pdf", "bukan pdf")?;
    hospital.put("kosong.md", "# Judul saja\n")?;
    hospital.put("tua.txt", b"Biaya \xA5 100".as_slice())?;
    hospital.put("tarif.csv.toml", "title = 'tanpa dokumen'")?;
    hospital.put("ganda.md", "---\ntitle: A\n---\nIsi.\n")?;
    hospital.put("ganda.md.toml", "title = 'B'")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", hospital.path("taut.txt"))?;
    hospital.put(".baik.md.swp", "sisa")?;

    let report = hospital.ingest().await?;
    assert_eq!(report.added, ["documents/baik.md"]);
    let reason = |path: &str| {
        let found = report.failed.iter().find(|(failed, _)| failed == &format!("documents/{path}"));
        found.map(|(_, why)| why.as_str()).unwrap_or_default()
    };
    for (path, word) in [
        ("kunci.md", "valid-untill"),
        ("tanggal.md", "valid-from"),
        ("gambar.jpg", "not read"),
        ("palsu.pdf", "something else"),
        ("kosong.md", "no text"),
        ("tua.txt", "UTF-8"),
        ("tarif.csv.toml", "not there"),
        ("ganda.md", "ganda.md.toml"),
        ("taut.txt", "link"),
    ] {
        assert!(reason(path).contains(word), "{path}: {:?}", report.failed);
    }
    assert_eq!(report.failed.len(), 9);

    // It is told again as long as it is so, and a repaired document is taken.
    assert_eq!(hospital.ingest().await?.failed.len(), 9);
    hospital.put("kunci.md", "---\ntitle: A\nvalid-until: 2027-01-01\n---\nIsi dokumen.\n")?;
    let repaired = hospital.ingest().await?;
    assert_eq!((repaired.failed.len(), repaired.changed.len()), (8, 1));
    Ok(())
}

#[tokio::test]
async fn a_version_that_can_not_be_read_ends_the_one_before() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("tarif.md", "Tarif kamar VIP Rp900.000.\n")?;
    hospital.ingest().await?;
    hospital.put("tarif.md", "---\nvalid-until: besok\n---\nTarif kamar VIP Rp950.000.\n")?;
    let report = hospital.ingest().await?;
    assert_eq!(report.failed.len(), 1);
    assert_eq!(hospital.search("tarif kamar vip").await?, []);
    Ok(())
}

/// An unmounted folder must not look like a hospital without documents.
#[tokio::test]
async fn a_missing_folder_is_an_error_and_removes_nothing() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("tarif.md", "Tarif kamar VIP Rp900.000.\n")?;
    hospital.ingest().await?;
    std::fs::rename(hospital.path(""), hospital.folder.path().join("away"))?;
    assert!(hospital.ingest().await.is_err_and(|error| error.to_string().contains("documents")));
    assert_eq!(hospital.search("tarif kamar vip").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn another_embedder_makes_all_vectors_anew() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("tarif.md", "Tarif kamar VIP Rp900.000.\n")?;
    hospital.ingest().await?;

    let other = hospital.beside(32, |_| {})?;
    let before = other.status().await?;
    assert_eq!((before.passages, before.embedded), (1, 0));
    let question = "tarif kamar vip";
    let embedding = other.embed(question).await?;
    // Until then the words alone find it, and nothing is compared with another model's vectors.
    let found = other.search(question, &embedding, 5, TODAY).await?.passages;
    assert_eq!((found.len(), found[0].dense), (1, 0.0));
    assert_eq!(other.ingest(&|_| {}).await?.changed, ["documents/tarif.md"]);
    assert_eq!(other.status().await?.embedded, 1);
    let found = other.search(question, &embedding, 5, TODAY).await?.passages;
    assert!(found[0].dense > 0.5);

    let wrong = other.search(question, &[0.0; 64], 5, TODAY).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("dimensions")));
    Ok(())
}

/// Searches go on while a document is replaced twenty times, and see whole versions only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_see_the_old_version_or_the_new_one() -> Result<()> {
    let hospital = Hospital::with(64, None, |options| options.lines = true)?;
    // 30 sections, 30 passages: each names the version.
    let write = |version: usize| {
        let sections: String = (0..30)
            .map(|part| {
                let sentence =
                    format!("Tarif kamar bagian {part} menurut edisi{version} berlaku bagi pasien. ");
                format!("## Bagian {part}\n\n{}\n\n", sentence.repeat(6))
            })
            .collect();
        hospital.put("tarif.md", format!("# Tarif kamar\n\n{sections}"))
    };
    write(0)?;
    hospital.ingest().await?;
    let passages = hospital.knowledge.status().await?.passages;
    assert_eq!(passages, 30);

    let running = AtomicBool::new(true);
    let knowledge = &hospital.knowledge;
    let beside = hospital.beside(64, |options| options.lines = true)?;
    let question = "tarif kamar edisi";
    let embedding = knowledge.embed(question).await?;
    let searching = async {
        let mut seen = std::collections::BTreeSet::new();
        let mut searches = 0;
        while running.load(Ordering::Acquire) {
            // Another process's knowledge base sees it as well as the one that writes.
            let base = if searches % 2 == 0 { knowledge } else { &beside };
            let found = base.search(question, &embedding, 50, TODAY).await?;
            let versions: std::collections::BTreeSet<String> = found
                .passages
                .iter()
                .flat_map(|found| found.passage.text.split_whitespace())
                .filter(|word| word.starts_with("edisi"))
                .map(str::to_owned)
                .collect();
            anyhow::ensure!(found.passages.len() == 30, "{} of 30 passages", found.passages.len());
            anyhow::ensure!(versions.len() == 1, "a mixture: {versions:?}");
            seen.extend(versions);
            searches += 1;
        }
        Ok((seen.len(), searches))
    };
    let replacing = async {
        for version in 1..=20 {
            write(version)?;
            let report = hospital.ingest().await?;
            anyhow::ensure!(report.changed.len() == 1);
        }
        running.store(false, Ordering::Release);
        anyhow::Ok(())
    };
    let (seen, replaced) = tokio::join!(searching, replacing);
    replaced?;
    let (versions, searches) = seen?;
    assert!(versions >= 2 && searches >= 20, "{versions} versions in {searches} searches");
    Ok(())
}

#[tokio::test]
async fn the_sample_hospital_is_read_without_a_complaint() -> Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge");
    let hospital = Hospital::with(64, None, |options| options.folder = root.into())?;
    let report = hospital.ingest().await?;
    assert_eq!(report.failed, []);
    assert!(report.added.len() >= 40, "{}", report.added.len());
    let rows = hospital.store.read(documents).await?;
    for row in rows {
        assert!(row.meta.department.is_some() && row.meta.reviewer.is_some(), "{}", row.path);
        assert!(row.meta.validity.from.is_some() && row.meta.source.is_some(), "{}", row.path);
    }
    Ok(())
}

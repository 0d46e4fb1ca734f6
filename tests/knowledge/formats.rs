//! Text formats, as passages come out of them.

use anyhow::Result;
use satubumi::domain::PassageKind;

use super::support::Hospital;

#[tokio::test]
async fn html_gives_its_content_and_not_its_chrome() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put(
        "besuk.html",
        "<!doctype html><html><head><title>Situs</title><script>var a='Beranda'</script></head><body>\
         <nav><ul><li>Beranda</li></ul></nav><h1>Jam besuk</h1><p>Jam besuk pasien pukul 11.00&ndash;13.00 WIB.</p>\
         <table><tr><th>Ruang</th><th>Jam besuk</th></tr><tr><td>ICU</td><td>11.00–11.30</td></tr></table></body></html>",
    )?;
    assert_eq!(hospital.ingest().await?.failed, []);
    let found = hospital.search("jam besuk").await?;
    let texts: Vec<_> = found.iter().map(|found| (found.passage.kind, found.passage.text.as_str())).collect();
    assert!(texts.contains(&(PassageKind::Prose, "Jam besuk pasien pukul 11.00–13.00 WIB.")), "{texts:?}");
    assert!(texts.contains(&(PassageKind::Table, "Ruang: ICU; Jam besuk: 11.00–11.30")), "{texts:?}");
    assert_eq!(texts.len(), 2);
    assert!(found.iter().all(|found| found.passage.title == "Jam besuk"));
    Ok(())
}

/// A page nested as deep as it is long must not overflow a stack, ours or the child's.
#[tokio::test]
async fn a_deeply_nested_page_is_read_or_refused() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("dalam.html", format!("{}Isi terdalam.", "<div>".repeat(50_000)))?;
    hospital.put("kutip.md", format!("{}Isi terdalam.", "> ".repeat(50_000)))?;
    hospital.put("baik.txt", "Tetap terbaca.")?;
    let report = hospital.ingest().await?;
    assert_eq!(report.added.len() + report.failed.len(), 3);
    assert!(report.added.contains(&"documents/baik.txt".to_owned()));
    Ok(())
}

#[tokio::test]
async fn csv_with_semicolons_and_text_with_lists() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put(
        "jadwal.csv",
        "\u{feff}Dokter;Hari;Jam\n\"dr. Ratna, Sp.PD\";Senin;08.00\n\"dr. Ratna, Sp.PD\";Rabu;\n",
    )?;
    hospital.put("syarat.txt", "Syarat pendaftaran:\n- KTP asli\n- Kartu BPJS\n")?;
    assert_eq!(hospital.ingest().await?.failed, []);
    let found = hospital.search("jadwal dr. Ratna").await?;
    assert_eq!(
        found[0].passage.text,
        "Dokter: dr. Ratna, Sp.PD; Hari: Senin; Jam: 08.00\nDokter: dr. Ratna, Sp.PD; Hari: Rabu"
    );
    let found = hospital.search("syarat pendaftaran").await?;
    assert_eq!(found[0].passage.text, "Syarat pendaftaran:\nKTP asli\nKartu BPJS");
    assert_eq!(found[0].passage.title, "syarat");
    Ok(())
}

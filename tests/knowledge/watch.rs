//! The folder tells, and the index follows.

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::support::{Hospital, until};

#[tokio::test]
async fn the_watch_takes_new_changed_and_removed_files() -> Result<()> {
    let hospital = Hospital::new()?;
    hospital.put("awal.md", "Ada sebelum pengamatan dimulai.\n")?;
    let stop = CancellationToken::new();
    let watching = hospital.knowledge.clone().watch(stop.clone());
    let acting = async {
        let texts = async || -> Result<Vec<String>> {
            let found = hospital.search("dokumen").await?;
            let mut texts: Vec<String> = found.into_iter().map(|found| found.passage.text).collect();
            texts.sort();
            Ok(texts)
        };
        until("the document that was there", async || Ok(texts().await?.len() == 1)).await?;
        hospital.put("baru/satu.md", "Dokumen baru di folder baru.\n")?;
        until("the new document", async || {
            Ok(texts().await?.contains(&"Dokumen baru di folder baru.".into()))
        })
        .await?;
        hospital.put("baru/satu.md", "Dokumen itu kini lain.\n")?;
        until("the changed one", async || Ok(texts().await?.contains(&"Dokumen itu kini lain.".into())))
            .await?;
        std::fs::remove_file(hospital.path("baru/satu.md"))?;
        until("one document less", async || Ok(texts().await?.len() == 1)).await?;
        stop.cancel();
        anyhow::Ok(())
    };
    let (watched, acted) = tokio::join!(watching, acting);
    acted?;
    watched?;
    Ok(())
}

#[tokio::test]
async fn a_folder_that_is_not_there_can_not_be_watched() -> Result<()> {
    let hospital = Hospital::new()?;
    std::fs::remove_dir(hospital.path(""))?;
    let refused = hospital.knowledge.clone().watch(CancellationToken::new()).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("watch")));
    Ok(())
}

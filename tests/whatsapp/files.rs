//! Files that patients send: kept for staff, within limits, by names of our own.

use std::io::Read;

use anyhow::{Context, Result};
use satubumi::domain::{Media, MessageId, MessageKind};
use whatsapp_loopback::Patient;
use whatsapp_rust::{
    buffa::MessageField,
    wacore::download::MediaType,
    waproto::whatsapp::{self as wa, message::DocumentMessage},
};

use crate::{
    hospital::{Hospital, eventually},
    support::usual,
};

const ANI: &str = "6281200000001";

/// The newest message of a kind, once its file is kept or refused.
async fn file(hospital: &Hospital, kind: MessageKind) -> Result<(MessageId, Media)> {
    let found = async || -> Result<Option<(MessageId, Media)>> {
        let Ok(detail) = hospital.detail(ANI).await else { return Ok(None) };
        let newest =
            detail.messages.into_iter().map(|logged| logged.message).rfind(|message| message.kind == kind);
        Ok(newest.and_then(|message| Some((message.id, message.media?))))
    };
    eventually(async || {
        Ok(found().await?.is_some_and(|(_, media)| media.file.is_some() || media.refused.is_some()))
    })
    .await?;
    found().await?.context("a file")
}

/// A document that says that it is shorter than it is.
async fn understated(hospital: &Hospital, ani: &Patient, bytes: &[u8]) -> Result<()> {
    let upload = hospital.server.media().upload(bytes, MediaType::Document)?;
    let document = DocumentMessage {
        file_name: Some("../../etc/passwd\0.html".to_owned()),
        mimetype: Some("text/html".to_owned()),
        direct_path: Some(upload.direct_path),
        media_key: Some(upload.media_key),
        file_sha256: Some(upload.file_sha256),
        file_enc_sha256: Some(upload.file_enc_sha256),
        file_length: Some(1),
        ..Default::default()
    };
    ani.send(wa::Message { document_message: MessageField::some(document), ..Default::default() }).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_kept_under_a_name_of_ours_and_can_be_opened() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    let photo = b"\xff\xd8\xff photo".repeat(1000);
    ani.send_image(&photo, "ini resepnya").await?;
    let (message, media) = file(&hospital, MessageKind::Image).await?;
    assert_eq!((media.size, media.refused), (photo.len() as u64, None));
    let (_, mut opened) = hospital.ward.chat.open_file(message).await?;
    let mut read = Vec::new();
    opened.read_to_end(&mut read)?;
    assert!(read == photo);

    understated(&hospital, &ani, &photo).await?;
    let (message, media) = file(&hospital, MessageKind::Document).await?;
    let name = media.file.context("it is kept: its length is within the limit")?;
    assert!(name.ends_with(&format!("/{message}")) && !name.contains("passwd"), "{name}");
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_not_kept_whatever_it_says_of_itself() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    let large = vec![7; (1 << 20) + 1];
    ani.send_document(&large, "hasil.pdf", "application/pdf").await?;
    let (message, media) = file(&hospital, MessageKind::Document).await?;
    assert_eq!(media.refused.as_deref(), Some("it is too large"));
    assert!(hospital.ward.chat.open_file(message).await.is_err());

    understated(&hospital, &ani, &large).await?;
    let second = async || {
        Ok(hospital.ward.count("SELECT count(*) FROM media_fetches").await? == 0
            && hospital.ward.count("SELECT count(*) FROM messages WHERE kind = 'document'").await? == 2)
    };
    eventually(second).await?;
    let (_, media) = file(&hospital, MessageKind::Document).await?;
    assert_eq!(media.refused.as_deref(), Some("it is too large"));
    let folder = hospital.ward.store.path().with_file_name("media");
    assert_eq!(std::fs::read_dir(folder)?.count(), 0, "nothing is left of it");
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_seen_once_is_not_kept_and_staff_learn_of_it() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    ani.send_view_once().await?;
    ani.send_text("halo").await?;
    crate::hospital::gets(&ani, "Jawaban untuk: halo").await?;
    let detail = hospital.detail(ANI).await?;
    assert!(!detail.flags.is_empty());
    assert_eq!(hospital.ward.count("SELECT count(*) FROM media_fetches").await?, 0);
    hospital.close().await;
    Ok(())
}

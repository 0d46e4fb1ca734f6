//! Every kind of message, staff on the phone, and media both ways.

mod common;

use common::{PATIENCE, Scene};
use whatsapp_loopback::{ChatState, PatientEvent, Seen};
use whatsapp_rust::{
    UploadOptions,
    buffa::MessageField,
    download::{Downloadable, MediaType},
    prelude::{Event, wa},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_message_arrives() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000041", "Sari").unwrap();
    let text = patient.send_text("awal").await.unwrap();
    running.expect_text("awal").await;

    let id = patient.send_location(-7.25, 112.75, "Rumah").await.unwrap();
    let inbound = running.expect_message(|inbound| inbound.info.id == id).await;
    assert_eq!(inbound.message.location_message.degrees_latitude, Some(-7.25));
    let id = patient.send_contact("Ibu", "6281200000042").await.unwrap();
    let inbound = running.expect_message(|inbound| inbound.info.id == id).await;
    assert!(inbound.message.contact_message.vcard.as_deref().unwrap().contains("waid=6281200000042"));

    let id = patient.react(&text, "👍").await.unwrap();
    let inbound = running.expect_message(|inbound| inbound.info.id == id).await;
    assert_eq!(inbound.message.reaction_message.text.as_deref(), Some("👍"));
    assert_eq!(inbound.message.reaction_message.key.id.as_ref(), Some(&text));
    let id = patient.edit(&text, "akhir").await.unwrap();
    let inbound = running.expect_message(|inbound| inbound.info.id == id).await;
    let edit = inbound.message.protocol_message.as_option().unwrap();
    assert_eq!(edit.edited_message.conversation.as_deref(), Some("akhir"));
    let id = patient.delete(&text).await.unwrap();
    let inbound = running.expect_message(|inbound| inbound.info.id == id).await;
    let deletion = inbound.message.protocol_message.as_option().unwrap();
    assert_eq!(deletion.r#type, Some(wa::message::protocol_message::Type::REVOKE));
    assert_eq!(deletion.key.id.as_ref(), Some(&text));

    let id = patient.send_view_once().await.unwrap();
    running.expect(|event| matches!(event, Event::UndecryptableMessage(lost) if lost.info.id == id && lost.is_unavailable)).await;
    let acknowledged = |seen: &Seen| matches!(seen, Seen::Ack { id: its, .. } if *its == id);
    scene.hospital.seen().wait_for(|sighting| acknowledged(&sighting.what), PATIENCE).await.unwrap();

    patient.show(ChatState::Recording).unwrap();
    running
        .expect(
            |event| matches!(event, Event::ChatPresence(presence) if presence.source.chat == patient.pn()),
        )
        .await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_statuses_arrive() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000043", "Sari").unwrap();
    for text in ["satu", "dua"] {
        patient.send_to_group("120363000000000001", text).await.unwrap();
        let inbound = running.expect_text(text).await;
        assert!(inbound.info.source.is_group);
        assert_eq!(inbound.info.source.chat.to_string(), "120363000000000001@g.us");
        assert_eq!(inbound.info.source.sender, patient.pn());
    }
    patient.post_status("Selamat pagi").await.unwrap();
    let inbound = running.expect_text("Selamat pagi").await;
    assert_eq!(inbound.info.source.chat.to_string(), "status@broadcast");
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_answer_on_the_phone() {
    for migrated in [false, true] {
        let scene = Scene::with(|hospital| {
            if migrated {
                hospital.migrate_to_lid();
            }
        })
        .await;
        let running = scene.connect().await;
        let patient = scene.server.patient("6281200000044", "Sari").unwrap();
        patient.send_text("Halo").await.unwrap();
        running.expect_text("Halo").await;
        let id = scene.hospital.companion_says(&patient, "Saya bantu, Bu.").await.unwrap();
        let inbound = running.expect_text("Saya bantu, Bu.").await;
        let chat = if migrated { patient.lid() } else { patient.pn() };
        assert_eq!(inbound.info.id, id);
        assert!(inbound.info.source.is_from_me);
        assert_eq!(inbound.info.source.chat, chat);
        assert_eq!(inbound.info.source.recipient, Some(chat));
        let received = patient.inbox().wait_for(|received| received.id == id, PATIENCE).await.unwrap();
        assert_eq!((received.device, received.text()), (0, Some("Saya bantu, Bu.")));
        let confirmed = |seen: &Seen| matches!(seen, Seen::Receipt { ids, kind, .. } if kind == "sender" && ids.contains(&id));
        scene.hospital.seen().wait_for(|sighting| confirmed(&sighting.what), PATIENCE).await.unwrap();
        scene.hospital.wait_settled(PATIENCE).await.unwrap();
        running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn media_come_and_go() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000045", "Sari").unwrap();
    let medium: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    let ids = [
        patient.send_image(&medium, "Ini ruamnya").await.unwrap(),
        patient.send_voice_note(&medium, 7).await.unwrap(),
        patient.send_document(&medium, "hasil lab.pdf", "application/pdf").await.unwrap(),
        patient.send_sticker(&medium).await.unwrap(),
    ];
    for id in &ids {
        let inbound = running.expect_message(|inbound| inbound.info.id == *id).await;
        let message = &inbound.message;
        let downloadable: &dyn Downloadable = match message {
            _ if message.image_message.is_set() => &*message.image_message,
            _ if message.audio_message.is_set() => &*message.audio_message,
            _ if message.document_message.is_set() => &*message.document_message,
            _ => &*message.sticker_message,
        };
        assert_eq!(running.client.download(downloadable).await.unwrap(), medium);
    }
    assert_eq!(scene.server.media().downloads(), ids.len());

    // The first try of an upload fails for good, the second for a key that has run out, which the client renews.
    scene.server.media().fail_next(1, 507);
    let upload = async |medium: Vec<u8>| {
        running.client.upload(medium, MediaType::Audio, UploadOptions::default()).await
    };
    assert!(upload(medium.clone()).await.is_err());
    scene.server.media().fail_next(1, 401);
    let uploaded = upload(medium.clone()).await.unwrap();
    assert_eq!(scene.server.media().uploads(), 1);
    // Large ones are asked for first.
    let large = vec![7; 6 * 1024 * 1024];
    upload(large.clone()).await.unwrap();

    let note = wa::message::AudioMessage {
        direct_path: Some(uploaded.direct_path),
        media_key: Some(uploaded.media_key.to_vec()),
        ptt: Some(true),
        ..Default::default()
    };
    let note = wa::Message { audio_message: MessageField::some(note), ..Default::default() };
    running.client.send_message(patient.pn(), note).await.unwrap();
    let received = patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    assert_eq!(received.message.audio_message.ptt, Some(true));
    running.client.chatstate().send_recording(&patient.pn()).await.unwrap();
    let recording = |event: &PatientEvent| matches!(event, PatientEvent::ChatState(ChatState::Recording));
    patient.events().wait_for(recording, PATIENCE).await.unwrap();

    scene.server.media().expire();
    let inbound = running.expect_message(|inbound| inbound.info.id == ids[0]).await;
    assert!(running.client.download(&*inbound.message.image_message).await.is_err());
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_is_fetched_from_the_server() {
    use std::sync::Arc;

    use whatsapp_rust::{http::HttpClient, version::fetch_latest_app_version};

    let scene = Scene::unlinked().await;
    scene.server.set_web_revision(1_042_000_000);
    let http: Arc<dyn HttpClient> = Arc::new(scene.server.http_client());
    assert_eq!(fetch_latest_app_version(&http).await.unwrap(), (2, 3000, 1_042_000_000));
    scene.server.set_online(false);
    assert!(fetch_latest_app_version(&http).await.is_err());
    scene.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_ring_and_are_rejected() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000046", "Sari").unwrap();
    let call = patient.ring().unwrap();
    let event = running.expect(|event| matches!(event, Event::IncomingCall(_))).await;
    let Event::IncomingCall(ringing) = &*event else { unreachable!("it matched") };
    assert_eq!((ringing.action.call_id(), &ringing.from), (call.as_str(), &patient.pn()));
    running.client.voip().reject(ringing).await.unwrap();
    let rejected = |event: &PatientEvent| matches!(event, PatientEvent::CallRejected { id } if *id == call);
    patient.events().wait_for(rejected, PATIENCE).await.unwrap();
    patient.hang_up(&call).unwrap();
    let ended = |seen: &Seen| matches!(seen, Seen::Ack { class, .. } if class == "call");
    scene.hospital.seen().wait_for_nth(1, |sighting| ended(&sighting.what), PATIENCE).await.unwrap();
    running.shutdown().await;
    scene.hospital.wait_disconnected(PATIENCE).await.unwrap();

    let missed = patient.ring().unwrap();
    let running = scene.connect().await;
    running.expect(|event| matches!(event, Event::MissedCall(_))).await;
    assert_ne!(missed, call);
    running.shutdown().await;
}

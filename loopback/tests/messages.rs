//! A linked client logs in, and texts go both ways.

mod common;

use common::{PATIENCE, Running, Scene, until};
use whatsapp_loopback::{Addressing, ChatState, Error, Outgoing, PatientEvent, Seen, Tick};
use whatsapp_rust::{
    Jid,
    prelude::{Event, MessageBuilderExt as _, wa},
    types::presence::ReceiptType,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_seeded_client_connects_and_answers_a_patient() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    scene.hospital.wait_connected(PATIENCE).await.unwrap();
    assert!(scene.hospital.is_connected());

    let patient = scene.server.patient("+62 812-0000-0001", "Sari").unwrap();
    let asked = patient.send_text("Poli anak buka jam berapa?").await.unwrap();
    let inbound = running.expect_text("Poli anak buka jam berapa?").await;
    assert_eq!(inbound.info.id, asked);
    assert_eq!(inbound.info.push_name, "Sari");
    assert_eq!(inbound.info.source.chat, patient.pn());
    assert_eq!(inbound.info.source.sender_alt, Some(patient.lid()));
    patient.wait_for_tick(&asked, Tick::Delivered, PATIENCE).await.unwrap();

    let chat = inbound.info.source.chat.clone();
    running.client.mark_as_read(&chat, None, &[&asked]).await.unwrap();
    patient.wait_for_tick(&asked, Tick::Read, PATIENCE).await.unwrap();
    running.client.chatstate().send_composing(&chat).await.unwrap();
    let composing = |event: &PatientEvent| matches!(event, PatientEvent::ChatState(ChatState::Composing));
    patient.events().wait_for(composing, PATIENCE).await.unwrap();

    let sent = running.client.send_message(&chat, wa::Message::text("Jam delapan.")).await.unwrap();
    let answer = patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    assert_eq!((answer.text(), &answer.id), (Some("Jam delapan."), &sent.message_id));
    running
        .expect(|event| matches!(event, Event::ServerAck(ack) if ack.id == sent.message_id && ack.error.is_none()))
        .await;
    let receipt = |kind: ReceiptType| {
        let id = sent.message_id.clone();
        move |event: &Event| matches!(event, Event::Receipt(receipt) if receipt.r#type == kind && receipt.message_ids.contains(&id))
    };
    running.expect(receipt(ReceiptType::Delivered)).await;
    patient.read(&sent.message_id).unwrap();
    running.expect(receipt(ReceiptType::Read)).await;

    let seen = scene.hospital.seen();
    let message = |seen: &Seen| matches!(seen, Seen::Message { id, .. } if *id == sent.message_id);
    seen.wait_for(|sighting| message(&sighting.what), PATIENCE).await.unwrap();
    assert!(seen.count(|sighting| sighting.what == Seen::Presence { available: true }) > 0);
    let read = |seen: &Seen| matches!(seen, Seen::Receipt { ids, kind, .. } if kind == "read" && *ids == [asked.clone()]);
    assert_eq!(seen.count(|sighting| read(&sighting.what)), 1);
    running.shutdown().await;
    scene.hospital.wait_disconnected(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_write_from_numbers_and_from_lids() {
    for migrated in [false, true] {
        let scene = Scene::with(|hospital| {
            if migrated {
                hospital.migrate_to_lid();
            }
        })
        .await;
        let running = scene.connect().await;
        let patient = scene.server.patient("6281200000002", "Budi").unwrap();
        for (addressing, text) in [(Addressing::Lid, "dari LID"), (Addressing::Pn, "dari nomor")] {
            let outgoing = Outgoing { addressing: Some(addressing), ..Outgoing::default() };
            patient.send_with(outgoing, wa::Message::text(text)).await.unwrap();
            let inbound = running.expect_text(text).await;
            let (from, other) = match addressing {
                Addressing::Pn => (patient.pn(), patient.lid()),
                Addressing::Lid => (patient.lid(), patient.pn()),
            };
            assert_eq!(inbound.info.source.chat, from);
            assert_eq!(inbound.info.source.sender_alt, Some(other));
            let answer = format!("kepada {text}");
            running.client.send_message(&from, wa::Message::text(answer.as_str())).await.unwrap();
            let received = patient
                .inbox()
                .wait_for(|received| received.text() == Some(&answer), PATIENCE)
                .await
                .unwrap();
            if migrated {
                assert_eq!(received.addressing, Addressing::Lid);
            }
        }
        running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hospital_writes_first() {
    for migrated in [false, true] {
        let scene = Scene::with(|hospital| {
            if migrated {
                hospital.migrate_to_lid();
            }
        })
        .await;
        let running = scene.connect().await;
        let patient = scene.server.patient("6281200000003", "Wati").unwrap();
        patient.confirm_deliveries(false);
        running.client.send_message(patient.pn(), wa::Message::text("Kontrol besok.")).await.unwrap();
        let received = patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
        assert_eq!(received.text(), Some("Kontrol besok."));
        let answer = patient.reply(&received.id, "Baik.").await.unwrap();
        let inbound = running.expect_text("Baik.").await;
        assert_eq!(inbound.info.id, answer);
        assert_eq!(inbound.info.source.chat, if migrated { patient.lid() } else { patient.pn() });
        let quoted = inbound.message.extended_text_message.context_info.stanza_id.clone();
        assert_eq!(quoted, Some(received.id));
        assert_eq!(running.events.count(|event| matches!(event, Event::Receipt(_))), 0);
        running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_can_be_looked_up() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000006", "Sari").unwrap();
    let nobody = Jid::pn("6281299999999");
    let known = running.client.contacts().is_on_whatsapp(&[patient.pn(), nobody.clone()]).await.unwrap();
    let registered: Vec<(&Jid, bool)> = known.iter().map(|user| (&user.jid, user.is_registered)).collect();
    assert_eq!(registered, [(&patient.pn(), true), (&nobody, false)]);
    assert_eq!(known[0].lid, Some(patient.lid()));
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_runs_out_of_keys_uploads_more() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    until(|| scene.hospital.one_time_keys(1) == 20).await;
    for number in 0..17 {
        let patient = scene.server.patient(&format!("62812000002{number:02}"), "Pasien").unwrap();
        let id = patient.send_text("Halo").await.unwrap();
        patient.wait_for_tick(&id, Tick::Delivered, PATIENCE).await.unwrap();
    }
    until(|| scene.hospital.one_time_keys(1) > 10).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_unlink_itself() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    running.client.logout().await;
    assert!(scene.hospital.devices().is_empty());
    running.shutdown().await;
    let patient = scene.server.patient("6281200000007", "Sari").unwrap();
    assert!(matches!(patient.send_text("Halo").await, Err(Error::NoCompanion)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_holds_stops() {
    let Scene { server, hospital, store } = Scene::linked().await;
    let running = Running::start(&server, store, None).await;
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    let address = server.address();
    drop((server, hospital));
    running.expect(|event| matches!(event, Event::Disconnected(_))).await;
    running.shutdown().await;
    // Its port is free again.
    until(|| std::net::TcpListener::bind(address).is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_keeps_its_order_and_ids_are_of_the_chat() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let sari = scene.server.patient("6281200000004", "Sari").unwrap();
    let budi = scene.server.patient("6281200000005", "Budi").unwrap();
    sari.burst(&["satu", "dua", "tiga"]).await.unwrap();
    for patient in [&sari, &budi] {
        let outgoing = Outgoing { id: Some("3EB0SAMA".into()), ..Outgoing::default() };
        patient.send_with(outgoing, wa::Message::text("sama")).await.unwrap();
    }
    running.expect_message(|inbound| inbound.info.source.chat == budi.pn()).await;
    running.expect_message(|inbound| inbound.info.id == "3EB0SAMA").await;
    scene
        .hospital
        .seen()
        .wait_for_nth(4, |sighting| matches!(&sighting.what, Seen::Receipt { .. }), PATIENCE)
        .await
        .unwrap();
    let texts: Vec<String> = running
        .events
        .all()
        .iter()
        .filter_map(|event| match &**event {
            Event::Messages(batch) => batch.messages.first().cloned(),
            _ => None,
        })
        .filter(|inbound| inbound.info.source.chat == sari.pn())
        .filter_map(|inbound| inbound.message.conversation.clone())
        .collect();
    assert_eq!(texts, ["satu", "dua", "tiga", "sama"]);
    scene.hospital.wait_settled(PATIENCE).await.unwrap();
    running.shutdown().await;
}

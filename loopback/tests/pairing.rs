//! Linking a client. Only these tests need a client that does not check the server's certificate chain.

mod common;

use std::sync::Arc;

use common::{PATIENCE, Running, Scene};
use whatsapp_loopback::{Error, Received, Tick};
use whatsapp_rust::{
    pair_code::PairCodeOptions,
    prelude::{Event, MessageBuilderExt as _, wa},
    wacore::store::InMemoryBackend,
};

async fn qr_code(running: &Running) -> String {
    match &*running.expect(|event| matches!(event, Event::PairingQrCode(_))).await {
        Event::PairingQrCode(qr) => qr.code.clone(),
        _ => unreachable!("only QR codes match"),
    }
}

/// A patient writes, and the client answers.
async fn works(scene: &Scene, running: &Running) {
    let patient = scene.server.patient("6281200000031", "Sari").expect("a free number");
    let id = patient.send_text("Halo").await.expect("a linked device");
    running.expect_text("Halo").await;
    patient.wait_for_tick(&id, Tick::Delivered, PATIENCE).await.expect("a receipt");
    running.client.send_message(patient.pn(), wa::Message::text("Halo juga")).await.expect("connected");
    let answer = |received: &Received| received.text() == Some("Halo juga");
    patient.inbox().wait_for(answer, PATIENCE).await.expect("an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_linked_by_qr_code_and_stays_linked() {
    let scene = Scene::unlinked().await;
    let running = scene.start().await;
    let qr = qr_code(&running).await;
    let device = scene.hospital.scan(&qr).await.unwrap();
    let paired = |event: &Event| matches!(event, Event::PairSuccess(pair) if pair.id.user == "62315550100" && pair.id.device == device);
    running.expect(paired).await;
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    assert_eq!(scene.hospital.devices(), [device]);
    works(&scene, &running).await;
    assert!(matches!(scene.hospital.scan(&qr).await, Err(Error::UnknownRef)));
    running.shutdown().await;

    let running = scene.connect().await;
    works(&scene, &running).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qr_code_must_be_genuine() {
    let scene = Scene::unlinked().await;
    let running = scene.start().await;
    let qr = qr_code(&running).await;
    assert!(matches!(scene.hospital.scan("halo").await, Err(Error::NoQrCode(_))));
    let mut parts: Vec<&str> = qr.split(',').collect();
    let (noise, secret) = (parts[1], parts[3]);
    parts[1] = secret;
    assert!(matches!(scene.hospital.scan(&parts.join(",")).await, Err(Error::WrongKeys)));
    (parts[1], parts[3]) = (noise, noise);
    assert!(matches!(
        scene.hospital.scan(&parts.join(",")).await,
        Err(Error::PairingRefused { code: 401, .. })
    ));
    running.expect(|event| matches!(event, Event::PairError(_))).await;
    // The code still shows, and works.
    scene.hospital.scan(&qr).await.unwrap();
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_linked_by_code() {
    let scene = Scene::unlinked().await;
    assert!(matches!(scene.hospital.enter_code("ABCD1234").await, Err(Error::NoCodePending)));
    let running = scene.start().await;
    qr_code(&running).await;
    let options = PairCodeOptions { phone_number: "62315550100".into(), ..Default::default() };
    let code = running.client.pair_with_code(options).await.unwrap();
    assert!(matches!(scene.hospital.enter_code("1111-1111").await, Err(Error::CannotOpenBundle)));
    let device = scene.hospital.enter_code(&format!("{}-{}", &code[..4], &code[4..])).await.unwrap();
    running.expect(|event| matches!(event, Event::PairSuccess(_))).await;
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    assert_eq!(scene.hospital.devices(), [device]);
    works(&scene, &running).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_companion_of_the_account_is_seen_by_the_first() {
    let scene = Scene::linked().await;
    let first = scene.connect().await;
    let second = Running::start(&scene.server, Arc::new(InMemoryBackend::new()), None).await;
    let qr = qr_code(&second).await;
    assert_eq!(scene.hospital.scan(&qr).await.unwrap(), 2);
    second.expect(|event| matches!(event, Event::Connected(_))).await;
    let patient = scene.server.patient("6281200000032", "Sari").unwrap();
    patient.send_text("Halo").await.unwrap();
    first.expect_text("Halo").await;
    second.expect_text("Halo").await;
    second.client.send_message(patient.pn(), wa::Message::text("Dari petugas")).await.unwrap();
    let received = patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    assert_eq!((received.device, received.text()), (2, Some("Dari petugas")));
    let own = first.expect_text("Dari petugas").await;
    assert!(own.info.source.is_from_me);
    assert_eq!(own.info.source.chat, patient.pn());
    assert_eq!(own.info.source.recipient, Some(patient.pn()));
    first.shutdown().await;
    second.shutdown().await;
}

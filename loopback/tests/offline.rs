//! What waits for the client, and what comes more than once.

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use common::{PATIENCE, Running, Scene, until};
use whatsapp_loopback::{Order, Outgoing, PatientEvent, Seen, Tick};
use whatsapp_rust::{
    anyhow, async_trait,
    prelude::{Client, Event, InboundMessage, MessageBuilderExt as _, wa},
    types::durability_hook::InboundDurabilityHook,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_came_meanwhile_waits_in_order() {
    let scene = Scene::linked().await;
    scene.connect().await.shutdown().await;
    scene.hospital.wait_disconnected(PATIENCE).await.unwrap();

    let patient = scene.server.patient("6281200000011", "Sari").unwrap();
    // More than the client fetches at once.
    let texts: Vec<String> = (0..250).map(|number| format!("pesan {number}")).collect();
    for text in &texts {
        patient.send_text(text).await.unwrap();
    }
    assert_eq!(scene.hospital.unsettled_messages(), 250);
    assert_eq!(
        patient.events().count(|event| matches!(event, PatientEvent::Tick { tick: Tick::Sent, .. })),
        250
    );

    let running = scene.connect().await;
    running.expect_text("pesan 249").await;
    let came: Vec<String> = running
        .events
        .all()
        .iter()
        .filter_map(|event| match &**event {
            Event::Messages(batch) => Some(batch.messages.to_vec()),
            _ => None,
        })
        .flatten()
        .filter_map(|inbound| {
            assert!(inbound.info.is_offline);
            inbound.message.conversation.clone()
        })
        .collect();
    assert_eq!(came, texts);
    let delivered = |event: &PatientEvent| matches!(event, PatientEvent::Tick { tick: Tick::Delivered, .. });
    patient.events().wait_for_nth(249, delivered, PATIENCE).await.unwrap();
    scene.hospital.wait_settled(PATIENCE).await.unwrap();
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_wait_too() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000012", "Sari").unwrap();
    let sent = running.client.send_message(patient.pn(), wa::Message::text("Halo")).await.unwrap();
    patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    running.shutdown().await;
    scene.hospital.wait_disconnected(PATIENCE).await.unwrap();
    patient.read(&sent.message_id).unwrap();

    let running = scene.connect().await;
    let read = |event: &Event| matches!(event, Event::Receipt(receipt) if receipt.offline && receipt.message_ids.contains(&sent.message_id));
    running.expect(read).await;
    running.shutdown().await;
}

/// A hook that refuses messages until it is told to take them.
#[derive(Default)]
struct Refusing {
    takes: AtomicBool,
    calls: AtomicUsize,
}

#[async_trait]
impl InboundDurabilityHook for Refusing {
    async fn on_messages(&self, _client: Arc<Client>, _batch: &[InboundMessage]) -> anyhow::Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.takes.load(Ordering::SeqCst) { Ok(()) } else { Err(anyhow::anyhow!("not now")) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_confirmed_comes_again() {
    let scene = Scene::linked().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.db");
    scene.hospital.seed_sqlite(&file).await.unwrap();
    let open = async || {
        let store = whatsapp_rust::store::SqliteStore::new(file.to_str().unwrap()).await.unwrap();
        Arc::new(store)
    };
    let hook = Arc::new(Refusing::default());
    let running = Running::start(&scene.server, open().await, Some(hook.clone())).await;
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    // The store in memory that the scene came with is linked as device 1 and never connects.
    let patient = scene.server.patient("6281200000013", "Sari").unwrap();
    let id = patient.send_text("Penting").await.unwrap();
    until(|| hook.calls.load(Ordering::SeqCst) > 0).await;
    running.kill();
    scene.hospital.drop_connections();
    scene.hospital.wait_disconnected(PATIENCE).await.unwrap();
    assert_eq!(scene.hospital.unsettled_messages(), 2);

    hook.takes.store(true, Ordering::SeqCst);
    let running = Running::start(&scene.server, open().await, Some(hook.clone())).await;
    assert_eq!(running.expect_text("Penting").await.info.id, id);
    patient.wait_for_tick(&id, Tick::Delivered, PATIENCE).await.unwrap();
    assert_eq!(scene.hospital.unsettled_messages(), 1, "device 1's copy");
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_delivered_again_is_reported_again_but_a_copy_is_not() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000014", "Sari").unwrap();
    let id = patient.send_repeatedly("dua kali", 2).await.unwrap();
    let receipt =
        |id: String| move |seen: &Seen| matches!(seen, Seen::Receipt { ids, .. } if ids.contains(&id));
    let twice = receipt(id);
    scene.hospital.seen().wait_for_nth(1, |sighting| twice(&sighting.what), PATIENCE).await.unwrap();
    assert_eq!(running.events.texts("dua kali"), 2);

    // Byte for byte the same: the client has used that key, so it confirms and reports nothing.
    scene.hospital.duplicate_next(1);
    let copied = receipt(patient.send_text("salinan").await.unwrap());
    scene.hospital.seen().wait_for_nth(1, |sighting| copied(&sighting.what), PATIENCE).await.unwrap();
    assert_eq!(running.events.texts("salinan"), 1);
    scene.hospital.wait_settled(PATIENCE).await.unwrap();
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_can_be_held_back_and_come_in_any_order() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000015", "Sari").unwrap();
    patient.send_text("nol").await.unwrap();
    running.expect_text("nol").await;
    scene.hospital.wait_settled(PATIENCE).await.unwrap();
    scene.hospital.hold_deliveries();
    patient.burst(&["satu", "dua"]).await.unwrap();
    let outgoing = Outgoing { at: Some(std::time::UNIX_EPOCH), ..Outgoing::default() };
    patient.send_with(outgoing, wa::Message::text("tiga")).await.unwrap();
    assert_eq!(scene.hospital.unsettled_messages(), 3);
    scene.hospital.release_deliveries(Order::Reversed);
    running.expect_text("satu").await;
    let came: Vec<String> = running
        .events
        .all()
        .iter()
        .filter_map(|event| match &**event {
            Event::Messages(batch) => batch.messages[0].message.conversation.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(came, ["nol", "tiga", "dua", "satu"]);
    assert_eq!(running.expect_text("tiga").await.info.timestamp.timestamp(), 0);
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_asked_for_again() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000016", "Sari").unwrap();
    // In the first message of a session, and in a later one.
    for text in ["rusak pertama", "rusak kedua"] {
        let id = patient.send_garbled(text).await.unwrap();
        running
            .expect(|event| matches!(event, Event::UndecryptableMessage(lost) if lost.info.id == id))
            .await;
        assert_eq!(running.expect_text(text).await.info.id, id);
        let again = |event: &PatientEvent| matches!(event, PatientEvent::SentAgain { id: its } if *its == id);
        patient.events().wait_for(again, PATIENCE).await.unwrap();
        patient.wait_for_tick(&id, Tick::Delivered, PATIENCE).await.unwrap();
    }
    scene.hospital.wait_settled(PATIENCE).await.unwrap();

    // The other way round.
    patient.fail_to_read(1);
    let sent = running.client.send_message(patient.pn(), wa::Message::text("Baca ini")).await.unwrap();
    let received = patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    assert_eq!((received.id, received.message.conversation.as_deref()), (sent.message_id, Some("Baca ini")));
    assert_eq!(patient.events().count(|event| matches!(event, PatientEvent::Unreadable { .. })), 1);
    running.shutdown().await;
}

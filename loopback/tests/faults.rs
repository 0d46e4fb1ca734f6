//! What can go wrong, as the client reports it.

mod common;

use std::time::{Duration, Instant};

use common::{PATIENCE, Running, Scene};
use whatsapp_loopback::{Account, Failure, Seen};
use whatsapp_rust::{
    prelude::{Event, MessageBuilderExt as _, wa},
    types::events::ConnectFailureReason,
};

/// Connects a client, lets the account fail, and gives the client, which ends by itself, once it has.
async fn ends_by(fail: impl FnOnce(&Account), reports: impl Fn(&Event) -> bool) {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    fail(&scene.hospital);
    running.expect(reports).await;
    running.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_takes_over() {
    ends_by(Account::stream_error_replaced, |event| matches!(event, Event::StreamReplaced(_))).await;
    ends_by(Account::conflict, |event| matches!(event, Event::StreamReplaced(_))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_of_one_device_takes_over() {
    let scene = Scene::linked().await;
    let first = scene.connect().await;
    let second = scene.connect().await;
    first.expect(|event| matches!(event, Event::StreamReplaced(_))).await;
    first.ended().await;
    assert!(scene.hospital.is_connected());
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phone_removes_the_device() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    scene.hospital.device_removed();
    running.expect(|event| matches!(event, Event::LoggedOut(out) if !out.on_connect)).await;
    running.ended().await;
    assert!(scene.hospital.devices().is_empty());
    // It stays out.
    let running = scene.start().await;
    let out = |event: &Event| matches!(event, Event::LoggedOut(out) if out.on_connect && out.reason == ConnectFailureReason::LoggedOut);
    running.expect(out).await;
    running.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_banned_or_locked_or_the_client_outdated() {
    ends_by(
        |hospital| hospital.banned(101, 3600),
        |event| matches!(event, Event::TemporaryBan(ban) if ban.expire.num_seconds() == 3600),
    )
    .await;
    ends_by(
        Account::locked,
        |event| matches!(event, Event::LoggedOut(out) if out.reason == ConnectFailureReason::AccountLocked),
    )
    .await;
    ends_by(Account::outdated, |event| matches!(event, Event::ClientOutdated(_))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_refused_until_they_are_accepted() {
    let scene = Scene::linked().await;
    scene.hospital.outdated();
    let running = scene.start().await;
    running.expect(|event| matches!(event, Event::ClientOutdated(_))).await;
    running.ended().await;
    scene.hospital.accept_logins();
    scene.connect().await.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_away_for_a_moment() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    running.events.clear();
    scene.hospital.unavailable();
    let away = |event: &Event| matches!(event, Event::ConnectFailure(failure) if failure.reason == ConnectFailureReason::ServiceUnavailable);
    running.expect(away).await;
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_session_waits_before_it_connects_again() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    running.events.clear();
    let before = Instant::now();
    scene.hospital.rate_limited();
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    assert!(before.elapsed() > Duration::from_secs(5), "{:?}", before.elapsed());
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_comes_back() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    running.events.clear();
    scene.hospital.drop_connections();
    running.expect(|event| matches!(event, Event::Disconnected(_))).await;
    running.expect(|event| matches!(event, Event::Connected(_))).await;

    // The whole server goes away and comes back; what came meanwhile is there.
    running.events.clear();
    scene.server.set_online(false);
    running.expect(|event| matches!(event, Event::Disconnected(_))).await;
    scene.hospital.wait_disconnected(PATIENCE).await.unwrap();
    let patient = scene.server.patient("6281200000021", "Sari").unwrap();
    patient.send_text("Ada orang?").await.unwrap();
    scene.server.set_online(true);
    running.expect_text("Ada orang?").await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_server_answers_late() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000022", "Sari").unwrap();
    patient.send_text("pertama").await.unwrap();
    running.expect_text("pertama").await;
    let before = Instant::now();
    scene.hospital.stall(Duration::from_secs(2));
    patient.send_text("kedua").await.unwrap();
    running.expect_text("kedua").await;
    assert!(before.elapsed() >= Duration::from_secs(2));
    running.shutdown().await;
}

async fn answer(running: &Running, to: &whatsapp_loopback::Patient, text: &str) -> String {
    running.client.send_message(to.pn(), wa::Message::text(text)).await.expect("connected").message_id
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_refused_with_an_error() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000023", "Sari").unwrap();
    scene.hospital.nack_next(1, 463);
    let refused = answer(&running, &patient, "ditolak").await;
    let nack = |event: &Event| matches!(event, Event::ServerAck(ack) if ack.id == refused && ack.error.as_deref() == Some("463"));
    running.expect(nack).await;
    let taken = answer(&running, &patient, "diterima").await;
    running
        .expect(|event| matches!(event, Event::ServerAck(ack) if ack.id == taken && ack.error.is_none()))
        .await;
    let received = patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    assert_eq!(received.text(), Some("diterima"));
    let seen = |sighting: &whatsapp_loopback::Sighting| matches!(&sighting.what, Seen::Message { id, refused: Some(463), .. } if *id == refused);
    assert_eq!(scene.hospital.seen().count(seen), 1);
    // Nobody has this number.
    let nobody = "6281299999999@s.whatsapp.net".parse::<whatsapp_rust::Jid>().unwrap();
    let _ = running.client.send_message(nobody, wa::Message::text("?")).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_are_held_back() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000024", "Sari").unwrap();
    scene.hospital.withhold_acks(true);
    let sent = answer(&running, &patient, "tanpa jawaban").await;
    patient.inbox().wait_for(|_| true, PATIENCE).await.unwrap();
    let acknowledged = |event: &Event| matches!(event, Event::ServerAck(ack) if ack.id == sent && ack.class.as_deref() == Some("message"));
    running
        .expect(|event| matches!(event, Event::Receipt(receipt) if receipt.message_ids.contains(&sent)))
        .await;
    assert_eq!(running.events.count(acknowledged), 0);
    scene.hospital.withhold_acks(false);
    running.expect(acknowledged).await;
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_spoilt_on_the_way() {
    let scene = Scene::linked().await;
    let running = scene.connect().await;
    let patient = scene.server.patient("6281200000025", "Sari").unwrap();
    scene.hospital.corrupt_next(1);
    let id = patient.send_text("rusak di jalan").await.unwrap();
    running.expect(|event| matches!(event, Event::UndecryptableMessage(_))).await;
    assert_eq!(running.expect_text("rusak di jalan").await.info.id, id);
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_failure_meets_a_login() {
    let scene = Scene::linked().await;
    scene.hospital.refuse_logins(Failure::Unavailable);
    let running = scene.start().await;
    running.expect(|event| matches!(event, Event::ConnectFailure(_))).await;
    scene.hospital.accept_logins();
    running.expect(|event| matches!(event, Event::Connected(_))).await;
    running.shutdown().await;
}

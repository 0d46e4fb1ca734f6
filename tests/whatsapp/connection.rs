//! R13 and pairing: one loud state for each thing that can happen to the number, and no storm.

use std::time::Duration;

use anyhow::Result;
use satubumi::whatsapp::{Connection, WhatsappError};

use crate::{
    hospital::{Hospital, NUMBER, PATIENCE, gets},
    support::usual,
};

const ANI: &str = "6281200000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_code_connects_and_a_question_is_answered() -> Result<()> {
    let hospital = Hospital::unpaired(usual).await?;
    assert_eq!(hospital.gateway.connection(), Connection::Unpaired);
    let qr = hospital.gateway.qr().await?;
    assert_eq!(hospital.gateway.connection(), Connection::WaitingForScan);
    hospital.account.scan(&qr.code).await?;
    hospital.until(Connection::is_connected).await?;
    assert!(matches!(hospital.gateway.qr().await, Err(WhatsappError::AlreadyPaired)));
    let ani = hospital.patient(ANI, "Ani")?;
    ani.send_text("halo").await?;
    gets(&ani, "Jawaban untuk: halo").await?;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_code_connects() -> Result<()> {
    let hospital = Hospital::unpaired(usual).await?;
    let code = hospital.gateway.pair_code(&satubumi::chat::PhoneNumber::parse(NUMBER)?).await?;
    hospital.account.enter_code(&code.code).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_lost_connection_comes_back_by_itself() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.account.drop_connections();
    hospital.until(|now| matches!(now, Connection::Reconnecting { .. })).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_replaced_session_waits_for_staff() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.account.stream_error_replaced();
    hospital.until(|now| *now == Connection::Replaced).await?;
    hospital.account.wait_disconnected(PATIENCE).await?;
    hospital.gateway.refresh().await?;
    hospital.until(Connection::is_connected).await?;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_removed_device_is_logged_out_and_can_be_paired_anew() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.account.device_removed();
    hospital.until(|now| matches!(now, Connection::LoggedOut { .. })).await?;
    let qr = hospital.gateway.qr().await?;
    hospital.account.scan(&qr.code).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_ban_and_a_refused_version_say_until_when() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.account.banned(101, 3600);
    let banned = hospital.until(|now| matches!(now, Connection::BannedUntil { .. })).await?;
    let Connection::BannedUntil { until, .. } = banned else { anyhow::bail!("{banned:?}") };
    let left = until.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3500..=3600).contains(&left), "{left} s");
    hospital.close().await;

    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.account.outdated();
    hospital.until(|now| matches!(now, Connection::Outdated { .. })).await?;
    // A newer version is out, and is learnt before the next attempt.
    hospital.server.set_web_revision(1_099_999_999);
    hospital.account.accept_logins();
    hospital.gateway.refresh().await?;
    hospital.until(Connection::is_connected).await?;
    assert!(hospital.learnt_version()?.contains("1099999999"));
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_connected_but_deaf_is_noticed() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    // Longer than the client's own patience with a silent server (30 s to the next sign of life, 20 s for its answer).
    hospital.account.stall(Duration::from_secs(90));
    let mut changes = hospital.gateway.changes();
    let noticed = changes.wait_for(|now| matches!(now, Connection::Reconnecting { .. }));
    tokio::time::timeout(Duration::from_secs(80), noticed).await??;
    tokio::time::timeout(Duration::from_secs(120), changes.wait_for(Connection::is_connected)).await??;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_rotate_can_be_renewed_and_run_out() -> Result<()> {
    let hospital = Hospital::unpaired(usual).await?;
    hospital.server.set_pairing_refs(1);
    let first = hospital.gateway.qr().await?;
    hospital.gateway.refresh().await?;
    let second = hospital.gateway.qr().await?;
    assert!(first.code != second.code, "a new one on demand");
    assert!(hospital.account.scan(&first.code).await.is_err(), "the old one is worth nothing");
    // Nobody scans: the only code is good for a minute, and nothing is asked of WhatsApp after it.
    let mut changes = hospital.gateway.changes();
    let ended = changes.wait_for(|now| *now == Connection::Unpaired);
    tokio::time::timeout(Duration::from_secs(90), ended).await??;
    // Somebody asks again.
    let third = hospital.gateway.qr().await?;
    hospital.account.scan(&third.code).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_forgets_the_session() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.until(Connection::is_connected).await?;
    hospital.gateway.logout().await?;
    hospital.until(|now| matches!(now, Connection::LoggedOut { .. } | Connection::Unpaired)).await?;
    hospital.account.wait_disconnected(PATIENCE).await?;
    hospital.close().await;
    Ok(())
}

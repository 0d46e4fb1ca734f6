//! R10 and S12: a thousand patients at once, and one who floods.

use std::time::Duration;

use anyhow::{Context, Result};
use satubumi::domain::{Flag, Handling};

use crate::{
    connected::Connected,
    hospital::{Hospital, eventually, eventually_within, gets},
    support::usual,
};

/// Patients who write three messages each.
const PATIENTS: usize = 1000;
/// One of so many reports an emergency.
const EMERGENCIES: usize = 100;
/// Memory that the process may have at its peak; the models alone take about 400 MiB.
const MOST_MEMORY: u64 = 900 << 20;
/// For a thousand answers on a machine that is busy with other tests.
const LONG: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn r10_a_thousand_patients_at_once_lose_nothing_and_emergencies_come_first() -> Result<()> {
    let connected = Connected::new().await?;
    let server = connected.serve_connected(&[("SATUBUMI__WHATSAPP__QUIET_SECONDS", "2")]).await?;
    let mut patients = Vec::new();
    for number in 0..PATIENTS {
        let patient = connected.patient(number)?;
        let is_emergency = number % EMERGENCIES == EMERGENCIES / 2;
        let question = if is_emergency {
            "tolong bapak saya dadanya sakit bgt nembus ke lengan keringetan"
        } else {
            "apakah bisa pakai asuransi?"
        };
        patient.burst(&["halo kak", "mau tanya", question]).await?;
        patients.push((patient, is_emergency));
    }
    let settled = "SELECT count(*) FROM messages WHERE author = 'patient' AND outcome IS NOT NULL";
    let all = (PATIENTS * 3) as i64;
    let answered = async || Ok(connected.count(settled, [])? == all);
    eventually_within(LONG, answered).await.context("every message is answered")?;
    for (patient, is_emergency) in &patients {
        let said = |text: &str| !is_emergency || text.contains("119");
        patient.inbox().wait_for(|got| got.text().is_some_and(said), LONG).await?;
    }
    assert_eq!(connected.count("SELECT count(*) FROM messages WHERE author = 'patient'", [])?, all);
    let twice = "SELECT count(*) FROM (SELECT reply_to FROM messages WHERE author = 'bot'
                 GROUP BY reply_to HAVING count(*) > 1)";
    assert_eq!(connected.count(twice, [])?, 0);
    let (slowest, median) = (waited(&connected, EMERGENCY, 1.0)?, waited(&connected, OTHERS, 0.5)?);
    assert!(slowest < median, "the slowest emergency took {slowest} ms, half of the others {median} ms");
    let memory = server.peak_memory()?;
    assert!(memory < MOST_MEMORY, "{} MiB", memory >> 20);
    server.stop()
}

const EMERGENCY: &str = "reply.outcome = 'emergency'";
const OTHERS: &str = "reply.outcome <> 'emergency'";

/// Milliseconds from a patient's last message to its reply, such that so large a share took no longer.
fn waited(connected: &Connected, which: &str, share: f64) -> Result<i64> {
    let sql = format!(
        "WITH waits AS (
             SELECT reply.at - asked.at AS wait FROM messages reply JOIN messages asked ON asked.id = reply.reply_to
             WHERE reply.author = 'bot' AND {which})
         SELECT wait FROM waits ORDER BY wait
         LIMIT 1 OFFSET (SELECT cast(?1 * (count(*) - 1) AS INTEGER) FROM waits)"
    );
    connected.count(&sql, [share])
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_one_who_floods_starves_nobody_and_is_taken_for_a_machine() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let (flood, budi) =
        (hospital.patient("6281200000001", "Banjir")?, hospital.patient("6281200000002", "Budi")?);
    for number in 0..500 {
        flood.send_text(&format!("spam {number}")).await?;
    }
    budi.send_text("jam besuk?").await?;
    gets(&budi, "Jawaban untuk: jam besuk?").await?;
    let stored = "SELECT count(*) FROM messages WHERE text LIKE 'spam %' AND outcome IS NOT NULL";
    eventually(async || Ok(hospital.ward.count(stored).await? == 500)).await?;
    // A burst gets one reply, and so many replies within ten minutes are a machine's.
    assert!(flood.inbox().len() <= 20, "{}", flood.inbox().len());
    let detail = hospital.detail("6281200000001").await?;
    let is_loop = detail.flags.iter().any(|flag| flag.reason == Flag::Loop);
    assert_eq!(is_loop, detail.conversation.handling == Handling::Staff);
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_the_answer_of_one_who_floods_holds_up_nobody_else() -> Result<()> {
    let (mut gate, script) = crate::support::Gate::before(usual);
    let hospital = Hospital::open(script).await?;
    let (flood, budi) =
        (hospital.patient("6281200000001", "Banjir")?, hospital.patient("6281200000002", "Budi")?);
    // Held up at the gate while the rest of the flood comes in.
    flood.send_text("lama").await?;
    assert_eq!(gate.asked().await, "lama");
    for number in 0..500 {
        flood.send_text(&format!("lama {number}")).await?;
    }
    budi.send_text("jam besuk?").await?;
    gets(&budi, "Jawaban untuk: jam besuk?").await?;
    assert_eq!(flood.inbox().len(), 0);
    drop(gate);
    let ended = "SELECT count(*) FROM messages WHERE text LIKE 'lama%' AND outcome IS NOT NULL AND author = 'patient'";
    eventually(async || Ok(hospital.ward.count(ended).await? == 501)).await?;
    hospital.close().await;
    Ok(())
}

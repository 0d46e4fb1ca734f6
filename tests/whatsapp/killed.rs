//! R1: the real binary is killed (SIGKILL) at each step of a message's way, again and again; nothing is lost and nothing is
//! answered twice. Each step has a fail point in the sources at which the process ends itself.

use std::time::Duration;

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng, rngs::StdRng};
use whatsapp_loopback::Patient;

use crate::{
    connected::Connected,
    hospital::{PATIENCE, eventually},
    installed::Server,
    oracle::{Told, got},
};

/// Deaths a step, unless SATUBUMI_RUNS says otherwise.
const RUNS: u32 = 20;
/// Patients who write at once.
const PATIENTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_before_a_message_is_committed() -> Result<()> {
    killed_at("received.before_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_after_the_commit_and_before_the_ack() -> Result<()> {
    killed_at("received.before_ack").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_while_an_answer_is_made() -> Result<()> {
    killed_at("answer.thinking").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_before_the_reply_is_committed() -> Result<()> {
    killed_at("reply.before_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_after_the_reply_is_committed() -> Result<()> {
    killed_at("reply.after_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_after_the_socket_write_and_before_the_servers_ack() -> Result<()> {
    killed_at("sent.before_ack").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_killed_before_the_message_is_marked_as_sent() -> Result<()> {
    killed_at("sent.before_commit").await
}

async fn killed_at(step: &str) -> Result<()> {
    let connected = Connected::new().await?;
    let patients = (0..PATIENTS).map(|number| connected.patient(number)).collect::<Result<Vec<_>>>()?;
    let mut random = StdRng::seed_from_u64(step.bytes().map(u64::from).sum());
    let (mut asked, mut deaths) = (Vec::new(), 0);
    while deaths < runs() {
        // The process dies when it comes to the step so many times and once more.
        let passes: u32 = random.random_range(0..3);
        let fail_points = format!("{step}={passes}*off->return");
        let Ok(mut server) = connected.serve(&[("FAILPOINTS", &fail_points)]).await else {
            // What an earlier run left was enough to come to the step before it was ready.
            deaths += 1;
            continue;
        };
        ask_until_dead(&mut server, &patients, &mut asked).await.context(fail_points)?;
        server.wait()?;
        deaths += 1;
    }

    let server = connected.serve(&[]).await?;
    let stored = "SELECT count(*) FROM messages WHERE author = 'patient'";
    eventually(async || Ok(connected.count(stored, [])? >= asked.len() as i64))
        .await
        .context("all are stored")?;
    connected.until_settled().await?;
    let parts = "SELECT count(*) FROM outbox";
    eventually(async || Ok(got(&patients).len() as i64 >= connected.count(parts, [])?))
        .await
        .context("all arrive")?;
    let told = Told::of(&connected, &patients, &asked)?;
    told.tell(&format!("{step}: {deaths} deaths"));
    assert_eq!((told.lost, told.doubled, told.unknown), (0, 0, 0), "{step}: {told:?}");
    assert_eq!(told.answered, asked.len(), "{step}: {told:?}");
    server.stop()
}

/// Patients write, one after the other, until the process is gone.
async fn ask_until_dead(
    server: &mut Server,
    patients: &[Patient],
    asked: &mut Vec<(usize, String)>,
) -> Result<()> {
    let dying = async {
        for number in 0.. {
            let patient = number % patients.len();
            if number < 2 * patients.len() || number % 10 == 0 {
                let id = patients[patient].send_text(&format!("pertanyaan nomor {}?", asked.len())).await?;
                asked.push((patient, id));
            }
            if server.has_ended()? {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, dying).await.context("it never came to the step")?
}

fn runs() -> u32 {
    let given = std::env::var_os("SATUBUMI_RUNS").and_then(|runs| runs.into_string().ok());
    given.and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

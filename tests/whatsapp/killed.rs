//! R1: the real binary is killed (SIGKILL) at each step of a message's way, again and again; nothing is lost and nothing is
//! answered twice. Each step has a fail point in the sources at which the process ends itself.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::params;
use whatsapp_loopback::Patient;

use crate::{
    connected::Connected,
    hospital::{PATIENCE, eventually},
    installed::Server,
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
    eventually(async || Ok(got(&patients).len() as i64 >= parts(&connected)?)).await.context("all arrive")?;
    let told = oracle(&connected, &patients, &asked)?;
    tell(step, deaths, &told);
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

/// What became of the questions.
#[derive(Debug, Default)]
struct Told {
    received: usize,
    answered: usize,
    queued: usize,
    flagged: usize,
    lost: usize,
    /// Questions with more than one reply, and replies that a patient got under two ids.
    doubled: usize,
    /// What a patient got and the database does not know.
    unknown: usize,
    /// What a patient got again under the same id, which WhatsApp shows once.
    repeated: usize,
}

fn oracle(connected: &Connected, patients: &[Patient], asked: &[(usize, String)]) -> Result<Told> {
    let database = connected.database()?;
    let mut told = Told { received: asked.len(), ..Told::default() };
    for (patient, id) in asked {
        let rows: Vec<(i64, Option<i64>, Option<String>)> = database
            .prepare_cached(
                "SELECT m.id, m.answered_with, m.outcome FROM messages m
                 JOIN conversations c ON c.id = m.conversation_id
                 WHERE m.external_id = ?1 AND c.sender = ?2",
            )?
            .query_map(params![id, patients[*patient].phone()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let [(message, answered_with, outcome)] = rows.as_slice() else {
            told.lost += usize::from(rows.is_empty());
            told.doubled += rows.len().saturating_sub(1);
            continue;
        };
        let replies: u32 = database.query_row(
            "SELECT count(*) FROM messages WHERE author = 'bot' AND reply_to = ?1",
            [answered_with.unwrap_or(*message)],
            |row| row.get(0),
        )?;
        told.queued += usize::from(outcome.is_none());
        told.answered += usize::from(replies == 1);
        told.doubled += replies.saturating_sub(1) as usize;
        let flags: u32 =
            database
                .query_row("SELECT count(*) FROM flags WHERE message_id = ?1", [message], |row| row.get(0))?;
        told.flagged += usize::from(flags > 0);
    }
    let mut known: HashMap<String, (i64, i64)> = HashMap::new();
    let mut parts = database.prepare("SELECT whatsapp_id, message_id, part FROM outbox")?;
    let rows = parts.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    for row in rows {
        let (id, part) = row?;
        known.insert(id, part);
    }
    let got = got(patients);
    told.unknown = got.iter().filter(|id| !known.contains_key(*id)).count();
    let shown: HashSet<_> = got.iter().filter_map(|id| known.get(id)).collect();
    told.doubled += got.len() - told.unknown - shown.len();
    told.repeated = patients.iter().map(|patient| patient.inbox().len()).sum::<usize>() - got.len();
    Ok(told)
}

/// The ids of what the patients got.
fn got(patients: &[Patient]) -> HashSet<String> {
    patients.iter().flat_map(|patient| patient.inbox().all()).map(|received| received.id).collect()
}

/// How many parts went out.
fn parts(connected: &Connected) -> Result<i64> {
    connected.count("SELECT count(*) FROM outbox", [])
}

#[expect(clippy::disallowed_macros, reason = "the promise asks that the test tells its counts")]
fn tell(step: &str, deaths: u32, told: &Told) {
    let Told { received, answered, queued, flagged, lost, doubled, repeated, .. } = told;
    println!(
        "{step}: {deaths} deaths; received {received}, answered {answered}, queued {queued}, flagged {flagged}, \
         lost {lost}, doubled {doubled} (sent again under the same id: {repeated})"
    );
}

fn runs() -> u32 {
    let given = std::env::var_os("SATUBUMI_RUNS").and_then(|runs| runs.into_string().ok());
    given.and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

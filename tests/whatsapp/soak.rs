//! R1 to R5 together: patients write all the time while everything goes wrong by chance, the process's death included. A
//! short seeded run here; `scripts/soak` goes on for as long as it is told (SATUBUMI_SOAK_SECONDS).

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng};
use whatsapp_loopback::{Order, Patient};

use crate::{
    connected::Connected,
    hospital::eventually,
    installed::Server,
    oracle::{Told, got},
};

/// How long it goes on, unless it is told otherwise.
const SECONDS: u64 = 25;
const PATIENTS: usize = 20;
/// How long a process lives, in tenths of a second.
const LIVES: std::ops::Range<u64> = 10..60;

#[tokio::test(flavor = "multi_thread")]
async fn r01_to_r05_whatever_goes_wrong_by_chance() -> Result<()> {
    let connected = Connected::new().await?;
    let token = connected.hospital.token("latihan")?;
    let patients = (0..PATIENTS).map(|number| connected.patient(number)).collect::<Result<Vec<_>>>()?;
    let mut random = StdRng::seed_from_u64(given("SATUBUMI_SOAK_SEED").unwrap_or(20_261_123));
    let mut asked = Vec::new();
    let mut seen = Seen::default();
    let end = Instant::now() + Duration::from_secs(given("SATUBUMI_SOAK_SECONDS").unwrap_or(SECONDS));
    while Instant::now() < end {
        let server = connected.serve(&[]).await?;
        let life = Instant::now() + Duration::from_millis(random.random_range(LIVES) * 100);
        while Instant::now() < life {
            write(&patients, &mut random, &mut asked).await?;
            go_wrong(&connected, &mut random);
            seen.look(&server, &token)?;
            tokio::time::sleep(Duration::from_millis(random.random_range(5..80))).await;
        }
        seen.memory = seen.memory.max(server.peak_memory()?);
        if random.random_bool(0.25) {
            tokio::task::block_in_place(|| server.stop())?;
        } else {
            server.kill()?;
            server.wait()?;
            seen.deaths += 1;
        }
    }
    make_good(&connected);
    let server = connected.serve(&[]).await?;
    let stored = async || Ok(Told::of(&connected, &patients, &asked)?.lost == 0);
    eventually(stored).await.context("every message is stored")?;
    connected.until_settled().await?;
    let sent = "SELECT count(*) FROM outbox WHERE state <> 'failed'";
    let all_arrived = async || Ok(got(&patients).len() as i64 >= connected.count(sent, [])?);
    eventually(all_arrived).await.context("every reply arrives")?;
    let told = Told::of(&connected, &patients, &asked)?;
    let slow = seen.slow();
    told.tell(&format!(
        "by chance: {} deaths, dashboard p95 {} ms, memory at most {} MiB",
        seen.deaths,
        slow.as_millis(),
        seen.memory >> 20
    ));
    ensure!((told.lost, told.doubled, told.unknown, told.queued) == (0, 0, 0, 0), "{told:?}");
    ensure!(told.answered == asked.len(), "{told:?}");
    server.stop()
}

/// One or several patients' messages.
async fn write(patients: &[Patient], random: &mut StdRng, asked: &mut Vec<(usize, String)>) -> Result<()> {
    let number = random.random_range(0..patients.len());
    let (patient, text) = (&patients[number], format!("pertanyaan nomor {}?", asked.len()));
    let ids = match random.random_range(0..10) {
        0 => vec![patient.send_repeatedly(&text, 3).await?],
        1 => patient.burst(&[&text, "kak", "tolong"]).await?,
        2 => vec![patient.send_garbled(&text).await?],
        3 => vec![patient.send_image(b"\xff\xd8\xff", &text).await?],
        _ => vec![patient.send_text(&text).await?],
    };
    asked.extend(ids.into_iter().map(|id| (number, id)));
    Ok(())
}

fn go_wrong(connected: &Connected, random: &mut StdRng) {
    let account = &connected.account;
    match random.random_range(0..60) {
        0 => account.drop_connections(),
        1 => account.unavailable(),
        2 => account.nack_next(2, 500),
        3 => account.duplicate_next(3),
        4 => account.corrupt_next(1),
        5 => account.withhold_acks(true),
        6 => account.withhold_acks(false),
        7 => account.hold_deliveries(),
        8 => account.release_deliveries(Order::Reversed),
        9 => connected.whatsapp.set_online(false),
        10 => connected.whatsapp.set_online(true),
        11 => account.stall(Duration::from_millis(500)),
        _ => {}
    }
}

/// Nothing is held back any more.
fn make_good(connected: &Connected) {
    let account = &connected.account;
    account.withhold_acks(false);
    account.release_deliveries(Order::AsSent);
    connected.whatsapp.set_online(true);
    account.nack_next(0, 500);
    account.duplicate_next(0);
    account.corrupt_next(0);
}

/// What staff and IT see meanwhile.
#[derive(Default)]
struct Seen {
    deaths: u32,
    memory: u64,
    lists: Vec<Duration>,
}

impl Seen {
    fn look(&mut self, server: &Server, token: &str) -> Result<()> {
        let since = Instant::now();
        tokio::task::block_in_place(|| server.get(token, "/admin/chats"))?;
        self.lists.push(since.elapsed());
        Ok(())
    }

    /// What 95 of 100 looks at the list of conversations took at most.
    fn slow(&mut self) -> Duration {
        self.lists.sort();
        self.lists.get(self.lists.len() * 95 / 100).copied().unwrap_or_default()
    }
}

/// A number from the environment.
fn given(name: &str) -> Option<u64> {
    std::env::var_os(name)?.into_string().ok()?.parse().ok()
}

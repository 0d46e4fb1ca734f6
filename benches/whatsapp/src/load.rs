//! Patients who write, wait for the reply, and write again.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use whatsapp_loopback::{Patient, Server};

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a load gave.
pub struct Measured {
    /// Of each round trip, shortest first.
    times: Vec<Duration>,
    /// From the first message to the last reply.
    whole: Duration,
    /// Resident bytes of the contestant before and after.
    pub memory: (u64, u64),
}

impl Measured {
    /// Round trips a second.
    pub fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.whole.as_secs_f64()
    }

    /// The time that so large a share of the round trips did not exceed.
    pub fn percentile(&self, share: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get((share * last as f64).round() as usize).copied().unwrap_or_default()
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |share| self.percentile(share).as_secs_f64() * 1000.0;
        let (before, after) = self.memory;
        write!(
            f,
            "{:7.1} round trips/s   p50 {:7.1} ms   p95 {:7.1} ms   p99 {:7.1} ms   memory {} -> {} MiB",
            self.per_second(),
            millis(0.5),
            millis(0.95),
            millis(0.99),
            before >> 20,
            after >> 20
        )
    }
}

/// Who writes how much.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Patients at once.
    pub patients: usize,
    /// Round trips of each.
    pub rounds: usize,
    /// Messages a second of all together, evenly spread; without it each writes as soon as its reply is there.
    pub per_second: Option<f64>,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} conversations, {} round trips each", self.patients, self.rounds)?;
        match self.per_second {
            Some(per_second) => write!(f, ", {per_second} messages a second"),
            None => write!(f, ", as fast as they come"),
        }
    }
}

/// Lets the patients write. Each has made its session's keys before.
pub async fn drive(server: &Server, load: Load) -> Result<Measured> {
    let Load { patients, rounds, per_second } = load;
    let mut all = Vec::with_capacity(patients);
    for number in 0..patients {
        let patient = server.patient(&format!("62812{number:08}"), "Pasien")?;
        round_trip(&patient, "halo").await.context("the first round trip")?;
        all.push(patient);
    }
    let since = Instant::now();
    let mut writing = JoinSet::new();
    for (place, patient) in all.into_iter().enumerate() {
        writing.spawn(async move {
            let mut times = Vec::with_capacity(rounds);
            for round in 0..rounds {
                if let Some(per_second) = per_second {
                    let at = Duration::from_secs_f64((round * patients + place) as f64 / per_second);
                    tokio::time::sleep_until((since + at).into()).await;
                }
                times.push(round_trip(&patient, &format!("pesan {round}")).await?);
            }
            anyhow::Ok((times, Instant::now()))
        });
    }
    let (mut times, mut last) = (Vec::with_capacity(patients * rounds), since);
    while let Some(written) = writing.join_next().await {
        let (of_one, ended) = written??;
        times.extend(of_one);
        last = last.max(ended);
    }
    times.sort();
    Ok(Measured { times, whole: last - since, memory: (0, 0) })
}

async fn round_trip(patient: &Patient, text: &str) -> Result<Duration> {
    patient.inbox().clear();
    let since = Instant::now();
    patient.send_text(text).await?;
    let says = |got: &whatsapp_loopback::Received| got.text() == Some(text);
    let got = patient.inbox().wait_for(says, PATIENCE).await?;
    Ok(got.at.saturating_duration_since(since))
}

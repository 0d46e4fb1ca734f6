//! How fast a WhatsApp message comes back: the whole way (socket, hook, commit, burst, outbox, socket) with an assistant
//! that answers at once, beside the bare client that echoes, in one run and against the same loopback server.
//!
//! Each contestant is a process of its own; the server and the patients are this one. `cargo run --release -p
//! whatsapp-bench` prints round trips a second, their percentiles, the contestants' memory, and what the disk itself
//! allows.

mod contestants;
mod disk;
mod load;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio::process::{Child, Command};
use whatsapp_loopback::Server;

use load::{Load, Measured};

/// Closed loops for the throughput: whoever has its reply writes again. Then a steady pace for the time that ours adds
/// while nothing stands in line: in a closed loop that time says again what the throughput says.
const LOADS: [Load; 7] = [
    Load { patients: 1, rounds: 400, per_second: None },
    Load { patients: 50, rounds: 40, per_second: None },
    Load { patients: 500, rounds: 6, per_second: None },
    Load { patients: 1000, rounds: 3, per_second: None },
    Load { patients: 1, rounds: 200, per_second: Some(20.0) },
    Load { patients: 50, rounds: 40, per_second: Some(200.0) },
    Load { patients: 500, rounds: 4, per_second: Some(200.0) },
];
const NUMBER: &str = "6281100000000";

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure one load
    Load {
        patients: usize,
        rounds: usize,
        /// Messages a second; without it as fast as they come
        per_second: Option<f64>,
    },
    /// Be a contestant until standard input ends
    #[command(hide = true)]
    Be { contestant: Contestant, url: String, folder: PathBuf },
}

/// Who answers the patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Contestant {
    /// The client alone, which says what it hears.
    Bare,
    /// Ours.
    Whole,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().verb {
        Some(Verb::Be { contestant, url, folder }) => contestants::be(contestant, &url, &folder).await,
        Some(Verb::Load { patients, rounds, per_second }) => {
            run(&[Load { patients, rounds, per_second }]).await
        }
        None => run(&LOADS).await,
    }
}

#[expect(clippy::disallowed_macros, reason = "a benchmark prints what it measured")]
async fn run(loads: &[Load]) -> Result<()> {
    // On the disk on which the project lies, not on one in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR"))?;
    println!("disk: {:.0} durable writes of 4 KiB a second", disk::durable_writes(folder.path())?);
    for &load in loads {
        let bare = measure(Contestant::Bare, folder.path(), load).await?;
        let whole = measure(Contestant::Whole, folder.path(), load).await?;
        println!("{load}");
        println!("  bare  {bare}");
        println!("  whole {whole}");
        println!(
            "  whole / bare: {:.2} of the round trips a second; p95 added {:.1} ms",
            whole.per_second() / bare.per_second(),
            (whole.percentile(0.95).as_secs_f64() - bare.percentile(0.95).as_secs_f64()) * 1000.0
        );
    }
    Ok(())
}

async fn measure(contestant: Contestant, folder: &Path, load: Load) -> Result<Measured> {
    let folder = tempfile::tempdir_in(folder)?;
    let server = Server::start().await?;
    let account = server.account(NUMBER, "RSH Satu Bumi")?;
    account.seed_sqlite(folder.path().join("whatsapp.db")).await?;
    let mut child = start(contestant, &server.url(), folder.path())?;
    account.wait_connected(Duration::from_secs(30)).await?;
    let before = memory(&child)?;
    let mut measured = load::drive(&server, load).await?;
    measured.memory = (before, memory(&child)?);
    // The end of its input tells it to stop.
    drop(child.stdin.take());
    child.wait().await?;
    server.stop().await;
    Ok(measured)
}

fn start(contestant: Contestant, url: &str, folder: &Path) -> Result<Child> {
    let name = match contestant {
        Contestant::Bare => "bare",
        Contestant::Whole => "whole",
    };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("be").arg(name).arg(url).arg(folder).stdin(Stdio::piped()).kill_on_drop(true);
    Ok(command.spawn()?)
}

/// Resident bytes of a process.
fn memory(child: &Child) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().context("it runs")?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.split_whitespace().next().context("a number")?.parse::<u64>()? << 10)
}

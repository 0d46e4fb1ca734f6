//! Satu Bumi in the terminal: the real server, the real WhatsApp client, a WhatsApp server on this machine only, and you
//! as the patient.

mod chat;
mod child;
mod store;
mod terminal;
mod words;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use whatsapp_loopback::Server;

use crate::{child::Child, terminal::Terminal, words::Words};

/// The hospital's number and the newcomer's; both belong to nobody.
const HOSPITAL: &str = "62215550100";
const NEWCOMER: &str = "6281200000001";
/// How long the server may take to load its models and log in.
const PATIENCE: Duration = Duration::from_secs(600);

/// Try Satu Bumi in the terminal, with no phone and no WhatsApp account.
#[derive(Parser)]
#[command(name = "satubumi-demo")]
struct Arguments {
    /// The `satubumi` program.
    #[arg(long, value_name = "PATH")]
    server_binary: PathBuf,
    /// The folder for the server's data and its log.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Speak English.
    #[arg(long)]
    english: bool,
    /// More arguments for the server, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    server_arguments: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let words = if arguments.english { Words::ENGLISH } else { Words::INDONESIAN };
    let terminal = Terminal::new();
    match start(&arguments, words, &terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments, words: &'static Words, terminal: &Terminal) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(arguments, words, terminal))
}

async fn run(arguments: &Arguments, words: &'static Words, terminal: &Terminal) -> Result<()> {
    let folder = &arguments.data_dir;
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let server = Server::start().await.context("the WhatsApp server on this machine")?;
    let hospital = server.account(HOSPITAL, "RSH Satu Bumi")?;
    let patient = server.patient(NEWCOMER, words.newcomer)?;
    let store = store::fresh(folder)?;
    hospital.seed_sqlite(&store).await?;

    terminal.line(words.starting);
    let mut child =
        Child::start(&arguments.server_binary, folder, &arguments.server_arguments, &server.url())?;
    let mut told = std::pin::pin!(terminal::told_to_end());
    let outcome = tokio::select! {
        connected = hospital.wait_connected(PATIENCE) => {
            connected.context(words.not_connected)?;
            terminal.line(words.welcome);
            chat::run(&patient, words, terminal, &mut child, told).await
        }
        ended = child.ended() => ended,
        told = told.as_mut() => told,
    };
    terminal.line(words.stopping);
    let stopped = child.stop().await;
    server.stop().await;
    outcome?;
    if !stopped {
        bail!("{}", words.did_not_stop);
    }
    Ok(())
}

//! The verbs, one file each.

mod ask;
mod config;
mod doctor;
mod eval;
mod extract;
mod ingest;
mod logs;
mod models;
pub mod output;
mod progress;
mod serve;
mod token;
mod user;

use std::{future::Future, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use satubumi::{
    app,
    config::{Config, Overrides},
    tasks,
};

/// The WhatsApp assistant of RSH Satu Bumi.
#[derive(Parser)]
#[command(name = "satubumi", version, about, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start the server
    Serve,
    /// Answer one question, without a server
    Ask(ask::AskArgs),
    /// Bring the index up to the knowledge folder
    Ingest,
    /// Run questions with known answers through the pipeline
    Eval(eval::EvalArgs),
    /// List, fetch and verify the models
    Models(models::ModelsArgs),
    /// Add, list and revoke the API's tokens
    Token(token::TokenArgs),
    /// Add, list and disable staff accounts
    User(user::UserArgs),
    /// Say whether this build and this machine are fit to serve
    Doctor,
    /// Print every setting with its default and what it means
    Config,
    /// Read one document in a sandbox (used by the program itself)
    #[command(hide = true)]
    ExtractChild(extract::ExtractChildArgs),
}

/// Reads the arguments and the configuration, and does what was asked.
///
/// # Errors
/// Whatever the verb fails with; `main` prints it.
pub fn run() -> Result<ExitCode> {
    let cli = Cli::parse();
    // Before anything else starts threads or maps memory: the child counts its limits from here.
    if let Verb::ExtractChild(args) = cli.verb {
        return Ok(ExitCode::from(extract::run(args)));
    }
    if matches!(cli.verb, Verb::Config) {
        config::run(&mut output::results())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(&cli.overrides)?;
    logs::start(&config.log)?;
    tasks::hide_panic_messages();
    // Only builds for tests have any; the environment says what they do.
    let _fail_points = fail::has_failpoints().then(fail::FailScenario::setup);
    let out = &mut std::io::stdout();
    match cli.verb {
        Verb::Serve => block_on(serve::run(&config))?,
        Verb::Ask(args) => block_on(ask::run(&config, &args, out))?,
        Verb::Ingest => {
            let all_usable = block_on(async {
                let (knowledge, _) = app::knowledge(&config, app::store(&config)?).await?;
                let bar = progress::documents();
                let show = |at: satubumi::knowledge::Progress<'_>| progress::show(&bar, &at);
                let all_usable = ingest::run(&knowledge, &show, out).await?;
                bar.finish_and_clear();
                Ok(all_usable)
            })?;
            // A document that can't be used is reported and skipped; the rest counts.
            return Ok(if all_usable { ExitCode::SUCCESS } else { ExitCode::from(2) });
        }
        Verb::Doctor => {
            return Ok(if doctor::run(&config, out)? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Verb::Eval(args) => block_on(eval::run(&config, &args, out))?,
        Verb::Models(args) => models::run(&args, &app::models(&config)?, out)?,
        Verb::Token(args) => token::run(args, &app::store(&config)?, out, &mut std::io::stderr())?,
        Verb::User(args) => user::run(args, &app::store(&config)?, out, &mut std::io::stderr())?,
        Verb::Config | Verb::ExtractChild(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(work)
}

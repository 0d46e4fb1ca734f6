//! `satubumi ask "…"`: one question, answered without a server.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use satubumi::{
    app::{self, Brain},
    assistant::Question,
    config::Config,
    domain::{Author, Turn},
};

/// A question.
#[derive(Args, Debug)]
pub struct AskArgs {
    /// What the patient writes
    question: String,
    /// What the patient wrote before, oldest first; may be given several times
    #[arg(long, value_name = "TEXT")]
    after: Vec<String>,
    /// Print the whole answer as JSON: outcome, sources, timings
    #[arg(long)]
    json: bool,
}

/// Answers it.
///
/// # Errors
/// When something that answering needs can't be built, or the terminal is closed.
pub async fn run(config: &Config, args: &AskArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    let brain = Brain::build(config, app::store(config)?).await?;
    let at = Timestamp::now().to_zoned(config.hospital.zone()?);
    let question = Question {
        text: args.question.clone(),
        history: args.after.iter().map(|text| Turn { author: Author::Patient, text: text.clone() }).collect(),
        first_contact: false,
        staff_are_there: config.hospital.hours()?.are_open(&at),
        at,
    };
    let answer = brain.assistant.answer(&question).await;
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &answer)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(out, "{}\n", answer.text)?;
    writeln!(out, "[{} in {:.0} ms]", answer.outcome.as_str(), answer.timings.total)?;
    for source in &answer.sources {
        writeln!(out, "  {}: {}", source.document, source.title)?;
    }
    Ok(())
}

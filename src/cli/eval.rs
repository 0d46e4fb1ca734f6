//! `satubumi eval FILE.jsonl`: questions with known answers through the real pipeline.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date};
use satubumi::{
    app::{self, Brain},
    assistant::Assistant,
    config::Config,
    evaluation::{self, Evaluation, Report, Split, Verdict},
};

use super::output;

/// What to evaluate.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvalArgs {
    #[command(subcommand)]
    convert: Option<Convert>,
    /// Files of cases, one JSON object a line
    #[arg(required = true, value_name = "FILE.jsonl")]
    files: Vec<PathBuf>,
    /// Only this half of the cases
    #[arg(long, value_name = "tune|test", value_parser = half)]
    split: Option<Split>,
    /// Search only: ranks and the "not in the documents" score, no answers
    #[arg(long)]
    retrieval_only: bool,
    /// The day the questions are asked on [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<Date>,
    /// Write every case's verdict and the counts as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// List the cases that went wrong, with the answer that was given
    #[arg(long)]
    wrong: bool,
}

#[derive(Subcommand, Debug)]
enum Convert {
    /// Make a knowledge folder and a file of cases out of the IDK-MRC data
    ConvertIdkMrc {
        /// Folder with valid.json and train.json
        source: PathBuf,
        /// Folder to write: documents/ and the file of cases
        target: PathBuf,
        /// Whose questions: valid or train
        #[arg(long, default_value = "valid")]
        questions: String,
        /// Respell the questions with a dictionary of `informal<TAB>formal` lines
        #[arg(long, value_name = "FILE.tsv")]
        slang: Option<PathBuf>,
    },
}

fn half(text: &str) -> Result<Split, String> {
    match text {
        "tune" => Ok(Split::Tune),
        "test" => Ok(Split::Test),
        _ => Err("tune or test".to_owned()),
    }
}

/// Runs the cases and prints the table.
///
/// # Errors
/// A file that does not fit, or something that answering needs can't be built.
pub async fn run(config: &Config, args: &EvalArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    if let Some(Convert::ConvertIdkMrc { source, target, questions, slang }) = &args.convert {
        let converted = evaluation::idk_mrc::convert(source, target, questions, slang.as_deref())?;
        writeln!(
            out,
            "{} documents in {}, {} cases in {}",
            converted.documents,
            converted.knowledge_dir.display(),
            converted.questions,
            converted.cases.display()
        )?;
        return Ok(());
    }
    let mut cases = Vec::new();
    for file in &args.files {
        cases.extend(evaluation::load(file)?);
    }
    cases.retain(|case| args.split.is_none_or(|split| case.split == split));
    let brain = Brain::build(config, app::store(config)?).await?;
    let Assistant::Local(assistant) = brain.assistant.as_ref() else {
        bail!("an evaluation needs the real assistant");
    };
    let zone = config.hospital.zone()?;
    let at = match args.on {
        // Ten in the morning: the documents' validity counts days, replies may count hours.
        Some(day) => day.at(10, 0, 0, 0).to_zoned(zone)?,
        None => Timestamp::now().to_zoned(zone),
    };
    let evaluation =
        Evaluation { assistant: &brain.assistant, local: assistant, at, retrieval_only: args.retrieval_only };
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(cases.len());
    for (done, case) in cases.iter().enumerate() {
        if done % 50 == 0 {
            writeln!(output::notes(), "{done} of {} cases", cases.len())?;
        }
        verdicts.push(evaluation.run(case).await?);
    }
    let report = Report::of(&verdicts);
    if args.wrong {
        for verdict in verdicts.iter().filter(|verdict| !verdict.right()) {
            let outcome = verdict.outcome.map_or("searched", |outcome| outcome.as_str());
            writeln!(
                out,
                "- {} [{outcome}] rank {:?}, facts {}/{}, score {:.2}\n  Q: {}\n  A: {}",
                verdict.id,
                verdict.rank,
                verdict.facts_present,
                verdict.facts_expected,
                verdict.answerability.unwrap_or(0.0),
                verdict.question,
                verdict.text.replace('\n', "\n     ")
            )?;
        }
    }
    write!(out, "{}", report.table())?;
    if let Some(path) = &args.json {
        let whole = serde_json::json!({ "report": report, "verdicts": verdicts });
        std::fs::write(path, serde_json::to_vec_pretty(&whole)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

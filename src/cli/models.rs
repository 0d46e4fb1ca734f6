//! `satubumi models list | fetch PROFILE | verify [PROFILE]`.

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use satubumi::ai::models::{Models, Progress};

/// What to do with the model files.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// List the profiles, their models, licences, and what is installed
    List,
    /// Fetch what a profile lacks; run it again to go on after an interruption
    Fetch {
        /// Name of the profile, as `models list` shows it
        profile: String,
    },
    /// Read every byte of the installed models and compare their hashes
    Verify {
        /// Name of the profile; all installed ones if left out
        profile: Option<String>,
    },
}

/// Runs the verb; results go to `out`, progress to the terminal.
///
/// # Errors
/// What the models' files met; the message says what to do.
pub fn run(args: &ModelsArgs, models: &Models, out: &mut dyn Write) -> Result<()> {
    match &args.command {
        ModelsCommand::List => list(models, out),
        ModelsCommand::Fetch { profile } => {
            let mut bar = Bar::default();
            let fetched = models.fetch(profile, &mut bar)?;
            bar.clear();
            writeln!(out, "Profile {} is ready in {}.", fetched.name, models.dir().display())?;
            Ok(())
        }
        ModelsCommand::Verify { profile } => verify(models, profile.as_deref(), out),
    }
}

fn list(models: &Models, out: &mut dyn Write) -> Result<()> {
    for (name, profile) in &models.manifest().profiles {
        writeln!(out, "{name}: {}", profile.about)?;
        for model in profile.models() {
            let spec = &models.manifest().models[model];
            let state = if models.is_installed(model)? { "installed" } else { "not installed" };
            let size: Option<u64> = spec.files.iter().map(|file| file.size).sum();
            let size = size.map_or("size known when fetched".to_owned(), |size| {
                format!("{} MB to fetch", size.div_ceil(1_000_000))
            });
            writeln!(out, "  {model} ({state}; {size}; licence {})", spec.licence)?;
        }
    }
    Ok(())
}

fn verify(models: &Models, profile: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let installed = |name: &&str| models.installed(name).is_ok();
    let profiles: Vec<&str> = match profile {
        Some(profile) => vec![profile],
        None => models.manifest().profiles.keys().map(String::as_str).filter(installed).collect(),
    };
    if profiles.is_empty() {
        writeln!(out, "No profile is installed in {}.", models.dir().display())?;
    }
    for profile in profiles {
        let mut bar = Bar::default();
        models.verify(profile, &mut bar)?;
        bar.clear();
        writeln!(out, "Profile {profile}: every file is as it should be.")?;
    }
    Ok(())
}

/// A bar a file; without a terminal, nothing.
#[derive(Default)]
struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn begin(&mut self, what: &str, bytes: Option<u64>) {
        self.clear();
        let (bar, template) = match bytes {
            Some(bytes) => {
                (ProgressBar::new(bytes), "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
            }
            None => (ProgressBar::no_length(), "{msg} {spinner} {bytes} {bytes_per_sec}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        self.bar = Some(bar);
    }

    fn advance(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    fn note(&mut self, text: &str) {
        self.clear();
        let bar = ProgressBar::new_spinner();
        bar.set_message(text.to_owned());
        bar.tick();
        self.bar = Some(bar);
    }
}

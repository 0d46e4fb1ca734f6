//! `satubumi doctor`: whether this build and this machine are fit to serve.

use std::{io::Write, path::Path};

use anyhow::Result;
use satubumi::{
    app,
    config::Config,
    store::{self, audit},
    whatsapp::verification,
};

/// Writes what it finds, a line each. Gives whether all is well.
///
/// # Errors
/// When `out` can't be written to, or the models' manifest does not parse.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<bool> {
    let mut well = true;
    let mut line = |is_well: bool, what: &str| {
        well &= is_well;
        writeln!(out, "{} {what}", if is_well { "ok  " } else { "FAIL" })
    };
    if verification::is_on() {
        line(true, "WhatsApp's certificates are verified by this build")?;
    } else {
        line(
            false,
            "this build does not verify WhatsApp's certificates: it is for tests, never for patients",
        )?;
    }
    let profile = &config.models.profile;
    match app::models(config)?.installed(profile) {
        Ok(_) => line(true, &format!("the models of profile {profile} are installed"))?,
        Err(error) => line(false, &error.to_string())?,
    }
    let least = config.whatsapp.least_free_megabytes;
    match free_megabytes(&config.paths.data_dir) {
        Ok(free) if free >= least => {
            line(true, &format!("{free} MiB are free for data ({least} are needed)"))?
        }
        Ok(free) => line(false, &format!("{free} MiB are free for data: {least} are needed"))?,
        Err(error) => line(false, &format!("the data folder can't be used: {error}"))?,
    }
    // Before the first start there is none.
    if config.database().exists() {
        match app::store(config).and_then(|store| Ok(store.read_blocking(audit::verify)?)) {
            Ok(None) => line(true, "the database is sound, and nobody has changed the audit log")?,
            Ok(Some(row)) => line(false, &format!("the audit log was changed from outside at row {row}"))?,
            Err(error) => line(false, &format!("{error:#}"))?,
        }
    }
    Ok(well)
}

fn free_megabytes(folder: &Path) -> Result<u64> {
    std::fs::create_dir_all(folder)?;
    tempfile::tempfile_in(folder)?;
    Ok(store::free_space(folder)? >> 20)
}

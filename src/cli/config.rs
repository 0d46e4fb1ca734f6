//! `satubumi config`: every setting with its default and what it means.

use std::io::Write;

use anyhow::Result;
use satubumi::config::COMMENTED_DEFAULT;

/// Prints the commented default.
pub fn run(out: &mut dyn Write) -> Result<()> {
    out.write_all(COMMENTED_DEFAULT.as_bytes())?;
    Ok(())
}

//! `satubumi ingest`: brings the index up to the knowledge folder and says what it did.

use std::io::{self, Write};

use satubumi::knowledge::{IngestReport, KnowledgeBase, KnowledgeError};

/// Runs one ingest and prints its report. Gives whether every document could be used.
///
/// # Errors
/// What [`KnowledgeBase::ingest`] meets, or that the report can't be written.
pub async fn run(
    knowledge: &KnowledgeBase,
    progress: &(dyn Fn(satubumi::knowledge::Progress<'_>) + Send + Sync),
    out: &mut (dyn Write + Send),
) -> Result<bool, IngestError> {
    let report = knowledge.ingest(progress).await?;
    print(&report, out)?;
    Ok(report.failed.is_empty())
}

/// Why `satubumi ingest` did not come to its report.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The index.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    /// Standard output.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// The report in words.
///
/// # Errors
/// When `out` refuses.
pub fn print(report: &IngestReport, out: &mut dyn Write) -> io::Result<()> {
    for (sign, paths) in [('+', &report.added), ('~', &report.changed), ('-', &report.removed)] {
        for path in paths {
            writeln!(out, "{sign} {path}")?;
        }
    }
    for (path, why) in &report.failed {
        writeln!(out, "! {path}: {why}")?;
    }
    writeln!(
        out,
        "{} new, {} changed, {} unchanged, {} removed, {} not usable",
        report.added.len(),
        report.changed.len(),
        report.unchanged,
        report.removed.len(),
        report.failed.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_what_happened() -> io::Result<()> {
        let report = IngestReport {
            added: vec!["documents/a.md".into()],
            unchanged: 3,
            failed: vec![("documents/b.md".into(), "unknown key \"titel\"".into())],
            ..IngestReport::default()
        };
        let mut out = Vec::new();
        print(&report, &mut out)?;
        assert_eq!(
            String::from_utf8_lossy(&out),
            "+ documents/a.md\n! documents/b.md: unknown key \"titel\"\n\
             1 new, 0 changed, 3 unchanged, 0 removed, 1 not usable\n"
        );
        Ok(())
    }
}

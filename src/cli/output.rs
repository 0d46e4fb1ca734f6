//! Writing to the terminal: results on standard output, everything else on standard error.

use std::io::Write;

/// Writes an error and its causes, one line each.
pub fn complain(error: &anyhow::Error) {
    let mut out = notes();
    let told = error.to_string();
    // A closed terminal is no reason to fail a second time.
    let _ = writeln!(out, "satubumi: {told}");
    for cause in error.chain().skip(1).map(ToString::to_string).filter(|cause| !told.contains(cause)) {
        let _ = writeln!(out, "  because: {cause}");
    }
}

/// Standard output, for results.
pub fn results() -> impl Write {
    std::io::stdout().lock()
}

/// Standard error, for notes that a script must not mistake for results.
pub fn notes() -> impl Write {
    std::io::stderr().lock()
}

//! A bar on the terminal while documents are read; nothing where standard error is no terminal.

use indicatif::{ProgressBar, ProgressStyle};
use satubumi::knowledge::Progress;

/// The bar.
pub fn documents() -> ProgressBar {
    let style = ProgressStyle::with_template("{pos}/{len} documents [{wide_bar}] {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// Moves it.
pub fn show(bar: &ProgressBar, at: &Progress<'_>) {
    bar.set_length(at.of as u64);
    bar.set_position(at.done as u64);
    bar.set_message(at.path.to_owned());
}

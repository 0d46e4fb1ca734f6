//! Puts each line of standard input into standard spelling, as the reader is given its questions: its training
//! (`training/train.py`) has to read what the program will read.

use std::io::{self, BufRead, Write};

use satubumi::language::standardize;

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", standardize(&line?))?;
    }
    out.flush()
}

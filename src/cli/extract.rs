//! `satubumi extract-child`: the hidden half of the extractor's sandbox. Run it before anything else starts threads:
//! what the process has mapped by then does not count against the limit.

use std::io::{stderr, stdin, stdout};

use clap::Args;

use satubumi::knowledge::extract::child::{self, ChildOptions};

/// What the parent tells the child; see [`satubumi::knowledge::extract`].
#[derive(Args, Clone, Debug)]
pub struct ExtractChildArgs {
    /// The format's usual file ending.
    #[arg(long)]
    format: String,
    /// Memory beyond the bare process.
    #[arg(long)]
    memory_bytes: u64,
    /// Processor time.
    #[arg(long)]
    cpu_seconds: u64,
    /// What an archive may unpack to.
    #[arg(long)]
    unpacked_bytes: u64,
}

/// Reads standard input, writes blocks to standard output; gives the exit code.
pub fn run(args: ExtractChildArgs) -> u8 {
    let ExtractChildArgs { format, memory_bytes, cpu_seconds, unpacked_bytes } = args;
    let options = ChildOptions { format, memory_bytes, cpu_seconds, unpacked_bytes };
    child::run(&options, &mut stdin().lock(), &mut stdout().lock(), &mut stderr().lock())
}

//! The child's side of the sandbox: limit yourself first, then parse, then print.
//!
//! Everything here runs in a process that may be killed at any moment and whose memory is bounded; a parser that
//! panics, loops or swallows memory takes only this process with it.

use std::{
    io::{Read, Write},
    os::unix::process::CommandExt,
    process::Command,
};

use rlimit::Resource;

use super::{Block, ExtractError, Format, docx, html, utf8, workbook};

/// What the hidden subcommand is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildOptions {
    /// The format's name, [`Format::ending`].
    pub format: String,
    /// Memory that may be taken beyond what the process has already.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_seconds: u64,
    /// How much an archive may unpack to.
    pub unpacked_bytes: u64,
}

/// Exit codes between child and parent, beside poppler's own (1 damaged, 3 not permitted).
pub(super) mod exit {
    /// The file is damaged; what is wrong stands on standard error.
    pub const MALFORMED: u8 = 65;
    /// It unpacks to too much.
    pub const TOO_MUCH: u8 = 66;
    /// It is another kind of file.
    pub const WRONG_CONTENT: u8 = 67;
    /// `pdftotext` is not installed.
    pub const NO_POPPLER: u8 = 68;
    /// The limits could not be set, or the pipes broke.
    pub const BROKEN: u8 = 70;
}

/// Limits this process, reads the file from `input` and writes its blocks as JSON to `output`. For PDF the process
/// becomes `pdftotext`, which inherits the limits and reads standard input itself. Gives the exit code.
pub fn run(
    options: &ChildOptions,
    input: &mut dyn Read,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let (code, why) = match parse(options, input) {
        Ok(blocks) => match serde_json::to_writer(&mut *output, &blocks).map(|()| output.flush()) {
            Ok(Ok(())) => return 0,
            Ok(Err(broken)) => (exit::BROKEN, broken.to_string()),
            Err(broken) => (exit::BROKEN, broken.to_string()),
        },
        Err(ExtractError::TooMuchInside { .. }) => (exit::TOO_MUCH, String::new()),
        Err(ExtractError::WrongContent { .. }) => (exit::WRONG_CONTENT, String::new()),
        Err(ExtractError::MissingProgram { .. }) => (exit::NO_POPPLER, String::new()),
        Err(ExtractError::Run(broken)) => (exit::BROKEN, broken.to_string()),
        Err(ExtractError::Malformed(why)) => (exit::MALFORMED, why),
        Err(other) => (exit::MALFORMED, other.to_string()),
    };
    // The parent reads the code; a reason that can't be written is only a reason less.
    drop(write!(errors, "{why}"));
    code
}

fn parse(options: &ChildOptions, input: &mut dyn Read) -> Result<Vec<Block>, ExtractError> {
    limit_this_process(options)?;
    let format = Format::of_name(&format!("file.{}", options.format)).ok_or(ExtractError::Unsupported)?;
    if format == Format::Pdf {
        return Err(become_pdftotext());
    }
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    match format {
        Format::Html => Ok(html::blocks(utf8(&bytes)?)),
        Format::Docx => docx::blocks(&bytes, options.unpacked_bytes),
        Format::Xlsx | Format::Ods => workbook::blocks(&bytes, format, options.unpacked_bytes),
        Format::Markdown | Format::Text | Format::Csv | Format::Pdf => Err(ExtractError::Unsupported),
    }
}

/// Memory, processor time, no files written, no core dump: a core would hold the document.
fn limit_this_process(options: &ChildOptions) -> Result<(), ExtractError> {
    let memory = address_space()? + options.memory_bytes;
    for (resource, bound) in [
        (Resource::AS, memory),
        (Resource::CPU, options.cpu_seconds),
        (Resource::FSIZE, 0),
        (Resource::CORE, 0),
        (Resource::NOFILE, 64),
    ] {
        rlimit::setrlimit(resource, bound, bound)?;
    }
    Ok(())
}

/// What this process has mapped already (the binary, its libraries and arenas): the bound comes on top.
fn address_space() -> Result<u64, ExtractError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<u64>().ok())
        .ok_or_else(|| std::io::Error::other("/proc/self/status has no VmSize"))?;
    Ok(kib * 1024)
}

/// Replaces this process; returns only if that failed.
fn become_pdftotext() -> ExtractError {
    let failed =
        Command::new("pdftotext").args(["-layout", "-enc", "UTF-8", "-eol", "unix", "-", "-"]).exec();
    if failed.kind() == std::io::ErrorKind::NotFound {
        ExtractError::MissingProgram { program: "pdftotext", hint: "" }
    } else {
        ExtractError::Run(failed)
    }
}

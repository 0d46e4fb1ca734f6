//! The parent's side of the sandbox: start the child, feed it, bound what comes back, understand how it ended.

use std::{
    io::{Seek, SeekFrom, Write},
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

use super::{ExtractError, Extractor, Format, child::exit};

/// The hidden subcommand that the command line maps to [`super::child::run`].
pub const SUBCOMMAND: &str = "extract-child";

/// What one file, and the child that reads it, may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file.
    pub file_bytes: u64,
    /// Memory of the child, beyond the bare process.
    pub memory_bytes: u64,
    /// Processor time of the child.
    pub cpu_seconds: u64,
    /// Time on the clock.
    pub wall: Duration,
    /// What an archive may unpack to.
    pub unpacked_bytes: u64,
    /// What the child may print.
    pub output_bytes: u64,
}

impl Default for Limits {
    /// Sized by the largest documents that hospitals keep (a price list of some thousand rows, a hundred-page guide).
    fn default() -> Self {
        Self {
            file_bytes: 32 << 20,
            memory_bytes: 512 << 20,
            cpu_seconds: 20,
            wall: Duration::from_secs(60),
            unpacked_bytes: 128 << 20,
            output_bytes: 16 << 20,
        }
    }
}

/// Standard error is for a reason of a line or two.
const REASON_BYTES: u64 = 4096;

/// What the child prints about `bytes`. It is killed when it overstays, says too much, or nobody waits for it any more.
pub(super) async fn run(
    extractor: &Extractor,
    format: Format,
    bytes: &[u8],
) -> Result<Vec<u8>, ExtractError> {
    let limits = &extractor.limits;
    let mut child = Command::new(&extractor.program)
        .arg(SUBCOMMAND)
        .args(["--format", format.ending()])
        .args(["--memory-bytes", &limits.memory_bytes.to_string()])
        .args(["--cpu-seconds", &limits.cpu_seconds.to_string()])
        .args(["--unpacked-bytes", &limits.unpacked_bytes.to_string()])
        .env_clear()
        .envs(path())
        .stdin(unnamed(bytes)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (output, reason) = tokio::join!(bounded(out, limits.output_bytes), bounded(err, REASON_BYTES));
        let output = output?;
        if output.len() as u64 > limits.output_bytes {
            child.start_kill()?;
            return Err(ExtractError::TooMuchInside { limit: limits.output_bytes });
        }
        verdict(child.wait().await?, format, limits, &first_line(&reason?)).map(|()| output)
    };
    tokio::time::timeout(limits.wall, work)
        .await
        .unwrap_or(Err(ExtractError::TooSlow { seconds: limits.wall.as_secs() }))
}

/// The file as the child's standard input: seekable, and without a name that could be guessed.
fn unnamed(bytes: &[u8]) -> std::io::Result<std::fs::File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// The only variable that the child needs: where `pdftotext` is. Secrets in the environment stay here.
fn path() -> Option<(&'static str, std::ffi::OsString)> {
    std::env::var_os("PATH").map(|path| ("PATH", path))
}

/// Reads up to `limit` bytes and one more, by which the caller sees that there was more; what follows is left unread, so
/// that a child that floods a pipe stops at the pipe's size.
async fn bounded(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        (&mut pipe).take(limit + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

fn verdict(status: ExitStatus, format: Format, limits: &Limits, reason: &str) -> Result<(), ExtractError> {
    if let Some(signal) = status.signal() {
        return Err(match signal {
            libc::SIGXCPU | libc::SIGKILL => ExtractError::TooSlow { seconds: limits.cpu_seconds },
            libc::SIGABRT => ExtractError::Crashed("out of memory, or a broken invariant".into()),
            other => ExtractError::Crashed(format!("signal {other}")),
        });
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
    Err(match code {
        0 => return Ok(()),
        exit::TOO_MUCH => ExtractError::TooMuchInside { limit: limits.unpacked_bytes },
        exit::WRONG_CONTENT => ExtractError::WrongContent { extension: format.ending() },
        exit::NO_POPPLER => {
            ExtractError::MissingProgram { program: "pdftotext", hint: "sudo apt install poppler-utils" }
        }
        exit::BROKEN => ExtractError::Run(std::io::Error::other(reason.to_owned())),
        _ if format == Format::Pdf && reason.contains("Incorrect password") => ExtractError::Encrypted,
        exit::MALFORMED | 1 => ExtractError::Malformed(reason.to_owned()),
        3 => ExtractError::Encrypted,
        other => ExtractError::Crashed(format!("exit code {other}")),
    })
}

/// The first line of what the child complained about, short enough for a report.
fn first_line(reason: &[u8]) -> String {
    let reason = String::from_utf8_lossy(reason);
    reason
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no reason given")
        .chars()
        .take(200)
        .collect()
}

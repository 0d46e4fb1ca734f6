//! The real binary in a small hospital's temporary folder: a few of the sample documents, all replies, approved answers and red flags.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    thread::JoinHandle,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

/// The sample documents that it has.
const DOCUMENTS: &[&str] = &[
    "poliklinik/jadwal-poliklinik.md",
    "tarif/tarif-laboratorium.csv",
    "tarif/tarif-laboratorium.csv.toml",
    "rawat-inap/jam-besuk.md",
    "holistik/herbal.md",
];

/// The hospital's folders.
pub struct Hospital {
    folder: tempfile::TempDir,
}

impl Hospital {
    /// Folders with documents, indexed.
    pub fn open() -> Result<Self> {
        let hospital = Self::open_empty()?;
        let indexed = hospital.run(&["ingest"])?;
        if !indexed.status.success() {
            bail!("{}", String::from_utf8_lossy(&indexed.stderr));
        }
        Ok(hospital)
    }

    /// Folders with documents, not indexed.
    pub fn open_empty() -> Result<Self> {
        Self::furnish(tempfile::tempdir()?)
    }

    /// The same, and everything that the first start works out is there: a start takes two seconds and not half a minute.
    pub fn open_warm() -> Result<Self> {
        static WARM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let warm = WARM.get_or_init(|| Self::warm_up().map_err(|error| format!("{error:#}")));
        let warm = warm.as_ref().map_err(|error| anyhow!("{error}"))?;
        let hospital = Self::open_empty()?;
        copy(warm, &hospital.folder().join("data/satubumi.db"))?;
        Ok(hospital)
    }

    /// The database of a hospital that has been started once. It outlives the process, until the next one's.
    fn warm_up() -> Result<PathBuf> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(concat!(env!("CARGO_CRATE_NAME"), "-warm"));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let hospital = Self::open_empty()?;
        hospital.serve()?.stop()?;
        let warm = folder.join("satubumi.db");
        copy(&hospital.folder().join("data/satubumi.db"), &warm)?;
        Ok(warm)
    }

    fn furnish(folder: tempfile::TempDir) -> Result<Self> {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
        let own = folder.path().join("knowledge");
        for document in DOCUMENTS {
            copy(&sample.join("documents").join(document), &own.join("documents").join(document))?;
        }
        for kind in ["replies", "approved", "triage"] {
            for entry in fs::read_dir(sample.join(kind))? {
                let path = entry?.path();
                let name = path.file_name().context("a name")?;
                copy(&path, &own.join(kind).join(name))?;
            }
        }
        Ok(Self { folder })
    }

    /// Writes its `satubumi.toml`.
    pub fn configure(&self, toml: &str) -> Result<()> {
        Ok(fs::write(self.folder.path().join("satubumi.toml"), toml)?)
    }

    /// Runs the binary on these folders, with the test models.
    pub fn run(&self, args: &[&str]) -> Result<Output> {
        Ok(self.command(args).output()?)
    }

    /// Runs the binary with a line on its standard input.
    pub fn run_with_input(&self, args: &[&str], line: &str) -> Result<()> {
        let mut child = self.command(args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        writeln!(child.stdin.take().context("standard input")?, "{line}")?;
        let done = child.wait_with_output()?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_satubumi"));
        self.in_its_folder(&mut command);
        command.args(args);
        command
    }

    fn in_its_folder(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("SATUBUMI__PATHS__MODELS_DIR", models_dir())
            .env("SATUBUMI__MODELS__PROFILE", "tiny")
            .env("SATUBUMI__SERVER__LISTEN", "127.0.0.1:0");
    }

    /// `satubumi ask --json`.
    pub fn ask(&self, question: &str) -> Result<Value> {
        answer(self.run(&["ask", "--json", question])?)
    }

    /// The same with a question before it.
    pub fn ask_after(&self, before: &str, question: &str) -> Result<Value> {
        answer(self.run(&["ask", "--json", "--after", before, question])?)
    }

    /// A new token with the usual scopes.
    pub fn token(&self, name: &str) -> Result<String> {
        self.token_for(name, &["ask", "admin"])
    }

    /// A new token with these scopes.
    pub fn token_for(&self, name: &str, scopes: &[&str]) -> Result<String> {
        let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
        let made = self.run(&["token", "add", name].into_iter().chain(scopes).collect::<Vec<_>>())?;
        if !made.status.success() {
            bail!("{}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(String::from_utf8(made.stdout)?.trim().to_owned())
    }

    /// Revokes a token.
    pub fn revoke(&self, name: &str) -> Result<()> {
        let revoked = self.run(&["token", "revoke", name])?;
        if !revoked.status.success() {
            bail!("{}", String::from_utf8_lossy(&revoked.stderr));
        }
        Ok(())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server and waits until it takes questions.
    pub fn serve(&self) -> Result<Server> {
        self.serve_with(&[])
    }

    /// Starts it with more in its environment.
    pub fn serve_with(&self, environment: &[(&str, &str)]) -> Result<Server> {
        let mut command = self.command(&["serve"]);
        Self::start(command.envs(environment.iter().copied()))
    }

    /// Starts it with its data on a disk of its own, of so many megabytes, that only it sees: [`Server::own_disk`].
    pub fn serve_on_own_disk(&self, megabytes: u32, environment: &[(&str, &str)]) -> Result<Server> {
        let script = format!(
            "set -e; mount -t tmpfs -o size={megabytes}m none \"$PWD/disk\"; cp -a data/. disk/; \
             exec \"$0\" --data-dir disk serve"
        );
        fs::create_dir_all(self.folder().join("disk"))?;
        let mut command = Command::new("unshare");
        self.in_its_folder(&mut command);
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
        command.arg(env!("CARGO_BIN_EXE_satubumi"));
        Self::start(command.envs(environment.iter().copied()))
    }

    fn start(command: &mut Command) -> Result<Server> {
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("standard error")?).lines();
        let (mut address, mut said) = (None, String::new());
        // The server says when it is ready; its standard error ends if it dies before.
        for line in lines.by_ref() {
            let line = line?;
            said.push_str(&line);
            said.push('\n');
            if let Some(at) = line.strip_prefix("Ready: ") {
                address = at.split_whitespace().next().map(ToOwned::to_owned);
                break;
            }
        }
        let Some(address) = address else {
            child.wait()?;
            bail!("the server ended before it was ready: {said}");
        };
        // Whatever it says later must not fill the pipe.
        let said = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                said.push_str(&line);
                said.push('\n');
            }
            said
        });
        Ok(Server { child, address, said: Some(said), client: reqwest::blocking::Client::new() })
    }
}

/// A running server.
pub struct Server {
    child: Child,
    address: String,
    said: Option<JoinHandle<String>>,
    client: reqwest::blocking::Client,
}

impl Server {
    /// A patient's question, each from a number of its own so that no history joins them.
    pub fn ask(&self, token: &str, message: &str) -> Result<Value> {
        let sum: u32 = message.bytes().map(u32::from).sum();
        self.post(token, "/ask", &json!({"sender": format!("62812{sum:07}"), "message": message}))
    }

    /// Posts JSON as `curl -d` does: with a form's content type.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value> {
        let response = self
            .client
            .post(format!("{}{path}", self.address))
            .bearer_auth(token)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_string())
            .send()?;
        Ok(response.error_for_status()?.json()?)
    }

    /// Gets JSON.
    pub fn get(&self, token: &str, path: &str) -> Result<Value> {
        Ok(self.response(token, path)?.error_for_status()?.json()?)
    }

    /// Gets whatever there is.
    pub fn response(&self, token: &str, path: &str) -> Result<reqwest::blocking::Response> {
        self.response_as(token, path, "*/*")
    }

    /// Gets it as a type.
    pub fn response_as(&self, token: &str, path: &str, kind: &str) -> Result<reqwest::blocking::Response> {
        let asked = self.client.get(format!("{}{path}", self.address)).bearer_auth(token);
        Ok(asked.header("accept", kind).send()?)
    }

    /// Where it listens: `http://…`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The disk that it has for itself, as others reach it.
    pub fn own_disk(&self, hospital: &Hospital) -> PathBuf {
        let within = hospital.folder().join("disk");
        Path::new("/proc")
            .join(self.process().to_string())
            .join("root")
            .join(within.strip_prefix("/").unwrap_or(&within))
    }

    /// Bytes of memory that it has had at most.
    pub fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kilobytes: u64 = peak.split_whitespace().next().context("a number")?.parse()?;
        Ok(kilobytes << 10)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Kills it on the spot (SIGKILL).
    pub fn kill(&self) -> Result<()> {
        let told = Command::new("kill").arg("-KILL").arg(self.child.id().to_string()).status()?;
        assert!(told.success());
        Ok(())
    }

    /// Waits until a killed server is gone.
    pub fn wait(mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop (SIGTERM) and expects that it does so in order.
    pub fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        assert!(told.success());
        let status = self.child.wait()?;
        assert!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// [`Server::stop`], and all that it has said on standard error.
    pub fn stop_and_hear(mut self) -> Result<String> {
        let said = self.said.take().context("it is heard once")?;
        self.stop()?;
        said.join().map_err(|_| anyhow!("its standard error could not be read"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test leaves no server behind; one that has stopped is past killing.
        let _ = self.child.kill();
    }
}

fn answer(output: Output) -> Result<Value> {
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a folder")?)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

/// Where `./scripts/test` puts the models.
fn models_dir() -> PathBuf {
    let given = std::env::var_os("SATUBUMI_MODELS_DIR");
    given.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("models"), PathBuf::from)
}

//! A small hospital in a temporary folder: a few of the sample documents, all replies, approved answers and red flags.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use anyhow::{Context, Result, bail};
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
        let folder = tempfile::tempdir()?;
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

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_satubumi"));
        command
            .current_dir(self.folder.path())
            .env("SATUBUMI__PATHS__MODELS_DIR", models_dir())
            .env("SATUBUMI__MODELS__PROFILE", "tiny")
            .env("SATUBUMI__SERVER__LISTEN", "127.0.0.1:0")
            .args(args);
        command
    }

    /// `satubumi ask --json`.
    pub fn ask(&self, question: &str) -> Result<Value> {
        answer(self.run(&["ask", "--json", question])?)
    }

    /// The same with a question before it.
    pub fn ask_after(&self, before: &str, question: &str) -> Result<Value> {
        answer(self.run(&["ask", "--json", "--after", before, question])?)
    }

    /// A new token.
    pub fn token(&self, name: &str) -> Result<String> {
        let made = self.run(&["token", "add", name])?;
        if !made.status.success() {
            bail!("{}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(String::from_utf8(made.stdout)?.trim().to_owned())
    }

    /// Starts the server and waits until it takes questions.
    pub fn serve(&self) -> Result<Server> {
        let mut child = self.command(&["serve"]).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("standard error")?).lines();
        let mut address = None;
        // The server says when it is ready; its standard error ends if it dies before.
        for line in lines.by_ref() {
            let line = line?;
            if let Some(at) = line.strip_prefix("Ready: ") {
                address = at.split_whitespace().next().map(ToOwned::to_owned);
                break;
            }
        }
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.context("the server ended before it was ready")?;
        Ok(Server { child, address, client: reqwest::blocking::Client::new() })
    }
}

/// A running server.
pub struct Server {
    child: Child,
    address: String,
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
        Ok(self
            .client
            .get(format!("{}{path}", self.address))
            .bearer_auth(token)
            .send()?
            .error_for_status()?
            .json()?)
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

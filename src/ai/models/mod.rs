//! The model files: which a profile needs, where they come from, and that they are what they should be.
//!
//! ```text
//! models/
//!   manifest.toml                         what there is (else the one built in)
//!   lock.toml                             hashes of files whose hash the manifest does not know, from the first fetch
//!   incoming/                             files copied in by hand
//!   .fetch/MODEL/                         what is being fetched; an interrupted fetch goes on from here
//!   MODEL/…, MODEL/installed.toml         ready; the record is written last and names every file with its hash
//! ```
//!
//! A model that two profiles share is stored once. Nothing is used before its hash has been checked, and a file has
//! its own name only when it is whole.

mod convert;
mod error;
mod fetch;
mod files;
mod hub;
mod installed;
mod manifest;
mod pip;

use std::path::{Path, PathBuf};

pub use error::ModelsError;
pub use installed::{InstalledModel, InstalledProfile};
pub use manifest::{
    Compose, Convert, EmbedderUse, FileSpec, GeneratorUse, HubSource, Manifest, ModelSpec, PipSource,
    Profile, RerankerUse, Source,
};

/// Where models are and how they are fetched.
#[derive(Clone, Debug)]
pub struct ModelsOptions {
    /// The models folder.
    pub dir: PathBuf,
    /// The hub's token, for repositories that ask for one.
    pub hub_token: Option<String>,
    /// The hub's address, for a mirror; its own if left out.
    pub hub_endpoint: Option<String>,
    /// The Python interpreter whose pip downloads.
    pub python: PathBuf,
}

impl ModelsOptions {
    /// The folder `dir`, no token, `python3`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), hub_token: None, hub_endpoint: None, python: "python3".into() }
    }
}

/// The models folder with its manifest.
#[derive(Clone, Debug)]
pub struct Models {
    options: ModelsOptions,
    manifest: Manifest,
}

impl Models {
    /// Reads the manifest of the folder; nothing else needs to be there yet.
    ///
    /// # Errors
    /// [`ModelsError::Manifest`].
    pub fn open(options: ModelsOptions) -> Result<Self, ModelsError> {
        let manifest = Manifest::load(&options.dir)?;
        Ok(Self { options, manifest })
    }

    /// What there is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The models folder.
    pub fn dir(&self) -> &Path {
        &self.options.dir
    }

    fn spec(&self, model: &str) -> Result<&ModelSpec, ModelsError> {
        let missing = || ModelsError::Manifest {
            origin: self.options.dir.join("manifest.toml").display().to_string(),
            detail: format!("there is no model {model}"),
        };
        self.manifest.models.get(model).ok_or_else(missing)
    }
}

/// Is told how a fetch or a verification goes on.
pub trait Progress {
    /// A file begins; `bytes` is what will be [`Progress::advance`]d in all, where that is known.
    fn begin(&mut self, what: &str, bytes: Option<u64>);
    /// So many bytes more are done. A source that failed starts the count anew by another [`Progress::begin`].
    fn advance(&mut self, bytes: u64);
    /// Something worth a line, such as a conversion.
    fn note(&mut self, text: &str);
}

/// Says nothing.
impl Progress for () {
    fn begin(&mut self, _what: &str, _bytes: Option<u64>) {}
    fn advance(&mut self, _bytes: u64) {}
    fn note(&mut self, _text: &str) {}
}

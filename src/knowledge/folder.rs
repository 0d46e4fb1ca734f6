//! What lies in the documents' folder.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{document::SourceFile, extract::ExtractError};

/// The part of the knowledge folder that is indexed.
pub(super) const DOCUMENTS: &str = "documents";
/// What a side-car's name adds to its document's.
pub const SIDE_CAR: &str = ".toml";
/// A side-car is six lines.
const SIDE_CAR_BYTES: u64 = 64 << 10;

/// The files of a folder, by their path within the knowledge folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Documents, with their side-cars.
    pub documents: BTreeMap<String, FoundFile>,
    /// What can't be a document, and why.
    pub refused: Vec<(String, String)>,
}

/// Where a document and its side-car lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// The document.
    pub path: PathBuf,
    /// Its side-car.
    pub side_car: Option<PathBuf>,
}

/// Lists `root/documents` and all below. Hidden files and what editors leave (`~`, `.swp`, `~$name.docx`) are passed
/// over; links are refused, because they could lead out of the folder.
///
/// # Errors
/// When a folder can't be read: an incomplete listing would make documents vanish from the index.
pub fn list(root: &Path) -> Result<Listing, (PathBuf, io::Error)> {
    let mut listing = Listing::default();
    let mut side_cars = BTreeMap::new();
    let mut open = vec![(root.join(DOCUMENTS), DOCUMENTS.to_owned())];
    while let Some((folder, within)) = open.pop() {
        let at = |source| (folder.clone(), source);
        for entry in fs::read_dir(&folder).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if is_passed_over(&name) {
                continue;
            }
            let path = format!("{within}/{name}");
            let kind = entry.file_type().map_err(at)?;
            if kind.is_dir() {
                open.push((entry.path(), path));
            } else if !kind.is_file() {
                listing.refused.push((path, "it is a link or a device; put the file itself here".into()));
            } else if name.ends_with(SIDE_CAR) {
                side_cars.insert(path, entry.path());
            } else {
                listing.documents.insert(path, FoundFile { path: entry.path(), side_car: None });
            }
        }
    }
    for (path, side_car) in side_cars {
        match listing.documents.get_mut(path.trim_end_matches(SIDE_CAR)) {
            Some(document) => document.side_car = Some(side_car),
            None => listing.refused.push((path, "it describes a document that is not there".into())),
        }
    }
    Ok(listing)
}

fn is_passed_over(name: &str) -> bool {
    let endings = ["~", ".swp", ".tmp", ".part", ".crdownload"];
    name.starts_with(['.', '#'])
        || name.starts_with("~$")
        || endings.iter().any(|ending| name.ends_with(ending))
}

/// Reads a file that was listed, no more of it than a document may have.
///
/// # Errors
/// [`ExtractError::TooLarge`], or that it can't be read.
pub fn read(path: &str, found: &FoundFile, limit: u64) -> Result<SourceFile, ExtractError> {
    let bytes = bounded(&found.path, limit)?;
    let side_car = match &found.side_car {
        Some(side_car) => {
            let name = side_car.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Some((name, bounded(side_car, SIDE_CAR_BYTES)?))
        }
        None => None,
    };
    Ok(SourceFile { path: path.to_owned(), bytes, side_car })
}

fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ExtractError> {
    let bytes = fs::metadata(path)?.len();
    if bytes > limit {
        return Err(ExtractError::TooLarge { bytes, limit });
    }
    Ok(fs::read(path)?)
}

//! Files of the knowledge folder: read whole, written beside and renamed.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile};

use super::{LibraryError, Place};

/// What a new file may be read and written by; an old one's mode is kept.
const MODE: u32 = 0o644;

/// Which content somebody has seen: the hash of it, as forms carry it. Of a file that is not there, it is a value of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision([u8; 32]);

impl Revision {
    /// Of some files' content, in their order.
    pub fn of<'a>(contents: impl IntoIterator<Item = Option<&'a [u8]>>) -> Self {
        let mut hash = Sha256::new();
        for content in contents {
            hash.update([u8::from(content.is_some())]);
            let content = content.unwrap_or_default();
            // The length keeps a byte moved from one file to the next from going unseen.
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        }
        Self(hash.finalize().into())
    }

    /// As a form carried it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: Option<Vec<u8>> =
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
        Some(Self(bytes?.try_into().ok()?))
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where a place lies, if no link leads elsewhere on the way.
///
/// # Errors
/// [`LibraryError::Link`].
pub(super) fn locate(root: &Path, place: &Place) -> Result<PathBuf, LibraryError> {
    let mut path = root.to_owned();
    for part in place.folders() {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(LibraryError::Link),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    path.push(place.name());
    match fs::symlink_metadata(&path) {
        Ok(found) if !found.is_file() => Err(LibraryError::Link),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(path),
    }
}

/// A file's content; `None` where there is no file.
///
/// # Errors
/// [`LibraryError::TooLarge`], [`LibraryError::Link`], [`LibraryError::Io`].
pub(super) fn read(root: &Path, place: &Place, limit: u64) -> Result<Option<Vec<u8>>, LibraryError> {
    let path = locate(root, place)?;
    match fs::metadata(&path) {
        Ok(found) if found.len() > limit => Err(LibraryError::TooLarge { limit }),
        Ok(_) => Ok(Some(fs::read(path)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A change of one file that is on the disk already and takes a rename to be there.
pub(super) struct Prepared {
    path: PathBuf,
    content: Option<NamedTempFile>,
}

/// Writes new content beside the file, to the disk; `None` prepares its removal.
///
/// # Errors
/// [`LibraryError::Link`], [`LibraryError::Io`].
pub(super) fn prepare(root: &Path, place: &Place, content: Option<&[u8]>) -> Result<Prepared, LibraryError> {
    let path = locate(root, place)?;
    let Some(content) = content else { return Ok(Prepared { path, content: None }) };
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder)?;
    // The listing passes over hidden files.
    let mut file = Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content)?;
    let mode = fs::metadata(&path).map_or(MODE, |old| old.permissions().mode());
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(Prepared { path, content: Some(file) })
}

impl Prepared {
    /// Puts it in the old file's place at once.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn put(self) -> io::Result<()> {
        match self.content {
            Some(file) => {
                file.persist(&self.path).map_err(|error| error.error)?;
            }
            None => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
        }
        // The rename itself is on the disk when the folder is.
        self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_leads_out_of_the_folder() -> anyhow::Result<()> {
        let (folder, outside) = (tempfile::tempdir()?, tempfile::tempdir()?);
        fs::write(outside.path().join("rahasia.md"), "rahasia")?;
        fs::create_dir(folder.path().join("documents"))?;
        std::os::unix::fs::symlink(outside.path(), folder.path().join("documents/luar"))?;
        std::os::unix::fs::symlink(
            outside.path().join("rahasia.md"),
            folder.path().join("documents/tautan.md"),
        )?;
        for name in ["documents/luar/rahasia.md", "documents/tautan.md", "documents/luar/baru.md"] {
            let place = Place::parse(name)?;
            assert!(matches!(read(folder.path(), &place, 99), Err(LibraryError::Link)), "{name}");
            assert!(matches!(prepare(folder.path(), &place, Some(b"x")), Err(LibraryError::Link)), "{name}");
        }
        assert_eq!(fs::read_to_string(outside.path().join("rahasia.md"))?, "rahasia");
        Ok(())
    }

    #[test]
    fn what_is_prepared_changes_nothing_until_it_is_put() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let place = Place::parse("documents/umum/a.md")?;
        prepare(folder.path(), &place, Some(b"satu"))?.put()?;
        let waiting = prepare(folder.path(), &place, Some(b"dua"))?;
        assert_eq!(read(folder.path(), &place, 99)?.as_deref(), Some(b"satu".as_slice()));
        waiting.put()?;
        assert_eq!(read(folder.path(), &place, 99)?.as_deref(), Some(b"dua".as_slice()));
        prepare(folder.path(), &place, None)?.put()?;
        assert_eq!(read(folder.path(), &place, 99)?, None);
        let revision = Revision::of([Some(b"satu".as_slice()), None]);
        assert_eq!(Revision::parse(&revision.to_string()), Some(revision));
        assert_eq!((Revision::parse("zz"), Revision::parse("é")), (None, None));
        assert_ne!(Revision::of([None]), Revision::of([Some(b"".as_slice())]));
        Ok(())
    }
}

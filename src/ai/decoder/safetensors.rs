//! A model folder as published: `config.json` and one or more safetensors files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::safetensors::SliceSafetensors;
use candle_core::{Device, Tensor};
use serde_json::Value as Json;

use crate::ai::{AiError, MappedFile};

/// An open model folder.
pub struct Folder {
    path: PathBuf,
    config: Json,
    files: Vec<MappedFile>,
    /// Tensor name to index into `files`.
    holder: HashMap<String, usize>,
    prefix: &'static str,
}

/// What stands before `layers.0…` in text models, and in multimodal ones of transformers 4 and 5.
const PREFIXES: [&str; 4] = ["model.", "language_model.model.", "model.language_model.", ""];

impl Folder {
    /// Opens all `*.safetensors` of the folder.
    ///
    /// # Errors
    /// [`AiError::Load`] when `config.json` or the weights are missing or damaged.
    pub fn open(path: &Path) -> Result<Self, AiError> {
        let config = read_json(&path.join("config.json"))?;
        let mut files = Vec::new();
        let mut holder = HashMap::new();
        for name in weight_files(path)? {
            let file = MappedFile::open(&name)?;
            let tensors =
                SliceSafetensors::new(&file).map_err(|error| AiError::load(name.display(), error))?;
            holder.extend(tensors.tensors().into_iter().map(|(tensor, _)| (tensor, files.len())));
            files.push(file);
        }
        let has = |prefix: &&&str| holder.contains_key(&format!("{prefix}embed_tokens.weight"));
        let prefix = PREFIXES.iter().find(has).ok_or_else(|| {
            AiError::load(path.display(), "no safetensors file here holds `embed_tokens.weight`")
        })?;
        Ok(Self { path: path.to_owned(), config, files, holder, prefix })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.json`.
    pub fn config(&self) -> &Json {
        &self.config
    }

    /// What stands before the names of the text model's tensors.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Whether a file holds the tensor `name`.
    pub fn has(&self, name: &str) -> bool {
        self.holder.contains_key(name)
    }

    /// A tensor in its stored type.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, AiError> {
        let fail = |detail: &dyn std::fmt::Display| AiError::load(self.path.display(), detail);
        let index = self.holder.get(name).ok_or_else(|| fail(&format!("tensor `{name}` is missing")))?;
        let tensors = SliceSafetensors::new(&self.files[*index]).map_err(|error| fail(&error))?;
        tensors.load(name, device).map_err(|error| fail(&error))
    }
}

/// A JSON file.
///
/// # Errors
/// [`AiError::Load`] when it is missing or no JSON.
pub fn read_json(path: &Path) -> Result<Json, AiError> {
    let text = std::fs::read_to_string(path).map_err(|error| AiError::load(path.display(), error))?;
    serde_json::from_str(&text).map_err(|error| AiError::load(path.display(), error))
}

fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, AiError> {
    let entries = std::fs::read_dir(folder).map_err(|error| AiError::load(folder.display(), error))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| AiError::load(folder.display(), error))?.path();
        if name.extension().is_some_and(|extension| extension == "safetensors") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

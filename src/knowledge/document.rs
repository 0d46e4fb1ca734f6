//! One file of the folder to what is stored of it: particulars, chunks, and the hash that tells whether it changed.

use sha2::{Digest, Sha256};

use super::{
    chunk::{Chunk, chunks},
    extract::{Block, ExtractError, Extractor, Format},
    meta::{self, MetaError},
};
use crate::domain::DocumentMeta;

/// Counted up whenever the same file would give other chunks or tokens than before, so that all are indexed anew.
const PIPELINE: &[u8] = b"satubumi knowledge pipeline 2";

/// A file as it lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path within the knowledge folder, `/`-separated.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its side-car's name and bytes, if it has one.
    pub side_car: Option<(String, Vec<u8>)>,
}

/// Why a document can't be used. The report names the file beside it.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Its particulars are wrong.
    #[error(transparent)]
    Meta(#[from] MetaError),
    /// Its content can't be read.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

impl SourceFile {
    /// What its bytes, its side-car's bytes and the pipeline hash to.
    pub fn hash(&self) -> [u8; 32] {
        let side_car = self.side_car.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let mut hash = Sha256::new_with_prefix(PIPELINE);
        // The length keeps a byte moved from one file to the other from going unseen.
        hash.update((self.bytes.len() as u64).to_le_bytes());
        hash.update(&self.bytes);
        hash.update([u8::from(self.side_car.is_some())]);
        hash.update(side_car);
        hash.finalize().into()
    }

    /// Reads it.
    ///
    /// # Errors
    /// See [`DocumentError`].
    pub async fn read(&self, extractor: &Extractor) -> Result<(DocumentMeta, Vec<Chunk>), DocumentError> {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        let typed = matches!(Format::of_name(name), Some(Format::Markdown | Format::Text));
        let text = std::str::from_utf8(&self.bytes).ok().filter(|_| typed);
        let front = text.map(meta::front_matter).transpose()?.flatten();
        let (mut meta, body) = match (front, &self.side_car) {
            (Some(_), Some((name, _))) => return Err(MetaError::Both { name: name.clone() }.into()),
            (Some((meta, body)), None) => (meta, body.as_bytes()),
            (None, Some((name, bytes))) => {
                let text = std::str::from_utf8(bytes).map_err(|_| ExtractError::NotUtf8)?;
                (meta::side_car(name, text)?, &self.bytes[..])
            }
            (None, None) => (DocumentMeta::default(), &self.bytes[..]),
        };
        let blocks = extractor.extract(name, body).await?;
        if meta.title.is_empty() {
            meta.title = own_title(&blocks).unwrap_or_else(|| title_of_name(name));
        }
        let chunks = chunks(&meta.title, &blocks);
        if chunks.is_empty() {
            return Err(ExtractError::NoText.into());
        }
        Ok((meta, chunks))
    }
}

/// A first heading of the first level is a title.
fn own_title(blocks: &[Block]) -> Option<String> {
    match blocks.first() {
        Some(Block::Heading { level: 1, text }) => Some(text.clone()),
        _ => None,
    }
}

/// `tarif-kamar_2026.pdf` → `tarif kamar 2026`.
fn title_of_name(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.replace(['-', '_'], " ")
}

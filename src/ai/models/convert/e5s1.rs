//! The single-file 4-bit form of multilingual-e5-small ("E5S1") to the Hugging Face layout of BERT.
//!
//! ```text
//! "E5S1", u32 version
//! 7 × i32: hidden, layers, heads, feed-forward, vocabulary rows, positions, token types; f32 norm eps; i32 block (32)
//! tokenizer (see e5s1_tokenizer)
//! i32 tensors; each: u16 name length, name, u8 type (0 = f32, else Q4_0), u32 elements, u64 offset, u64 bytes
//! ```
//! Offsets count from the start of the file. Q4_0 is blocks of 18 bytes for 32 values: an f16 scale, then 16 bytes; the
//! low nibble of byte j is value j, the high one value j + 16, both minus 8. Matrices are row-major `[out, in]`.

use std::fs;
use std::path::Path;

use half::f16;
use serde_json::json;

use super::safetensors_file::{Planned, Values, write};
use super::{e5s1_tokenizer, refused};
use crate::ai::models::ModelsError;
use crate::ai::models::files::write_whole;
use crate::ai::models::installed::RecordedFile;

const BLOCK_BYTES: usize = 18;
const BLOCK_VALUES: usize = 32;

/// Reads little-endian values off the front of a slice, in bounds.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn over(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    pub fn f32(&mut self) -> Option<f32> {
        self.u32().map(f32::from_bits)
    }

    /// A count or size: an i32 that must not be negative.
    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?.cast_signed()).ok()
    }

    /// `N` of them.
    pub fn sizes<const N: usize>(&mut self) -> Option<[usize; N]> {
        let mut sizes = [0; N];
        for size in &mut sizes {
            *size = self.size()?;
        }
        Some(sizes)
    }
}

/// The seven sizes of the header.
struct Shape {
    hidden: usize,
    layers: usize,
    heads: usize,
    inner: usize,
    vocabulary: usize,
    positions: usize,
    types: usize,
    eps: f32,
}

struct Entry {
    name: String,
    quantized: bool,
    elements: usize,
    start: usize,
    length: usize,
}

/// Writes `model.safetensors`, `config.json` and `tokenizer.json` into `to`.
pub(super) fn convert(file: &Path, sha256: &str, to: &Path) -> Result<Vec<RecordedFile>, ModelsError> {
    let data = fs::read(file).map_err(|error| ModelsError::io(file, error))?;
    let cut_off = || refused(file, "it ends too early or is not in the format E5S1");
    let mut reader = Reader::over(&data);
    let shape = header(&mut reader).ok_or_else(cut_off)?;
    let tokenizer = e5s1_tokenizer::read(&mut reader).ok_or_else(cut_off)?;
    let entries = directory(&mut reader).ok_or_else(cut_off)?;

    let mut plan = Vec::with_capacity(entries.len());
    for entry in &entries {
        let (name, shape) = tensor(&entry.name, &shape)
            .filter(|(_, shape)| shape.iter().product::<usize>() == entry.elements)
            .ok_or_else(|| refused(file, format!("tensor {} is unknown or of another shape", entry.name)))?;
        plan.push(Planned { name, shape });
    }
    let model = write(&to.join("model.safetensors"), sha256, &plan, |index, into| {
        let entry = &entries[index];
        let end = entry.start.checked_add(entry.length);
        let raw = end.and_then(|end| data.get(entry.start..end)).ok_or_else(cut_off)?;
        dequantize(entry, raw, into).map_err(|error| ModelsError::io(to, error))
    })?;

    let config = json!({
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.inner,
        "hidden_act": "gelu",
        "layer_norm_eps": shape.eps,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.types,
        "position_embedding_type": "absolute",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": tokenizer.pad,
        "source_sha256": sha256,
    });
    let mut files = vec![RecordedFile::new("model.safetensors", &model)];
    for (name, value) in [("config.json", config), ("tokenizer.json", tokenizer.to_json())] {
        let bytes = serde_json::to_vec(&value).map_err(|error| refused(file, error))?;
        files.push(RecordedFile::new(name, &write_whole(&to.join(name), &bytes)?));
    }
    Ok(files)
}

fn header(reader: &mut Reader<'_>) -> Option<Shape> {
    if reader.bytes(4)? != b"E5S1" {
        return None;
    }
    let _version = reader.u32()?;
    let [hidden, layers, heads, inner, vocabulary, positions, types] = reader.sizes()?;
    let eps = reader.f32()?;
    let block = reader.size()?;
    (block == BLOCK_VALUES).then_some(Shape {
        hidden,
        layers,
        heads,
        inner,
        vocabulary,
        positions,
        types,
        eps,
    })
}

fn directory(reader: &mut Reader<'_>) -> Option<Vec<Entry>> {
    let count = reader.size()?;
    (0..count)
        .map(|_| {
            let length = usize::from(reader.u16()?);
            let name = String::from_utf8(reader.bytes(length)?.to_vec()).ok()?;
            let quantized = reader.u8()? != 0;
            let elements = reader.size()?;
            let start = usize::try_from(reader.u64()?).ok()?;
            let length = usize::try_from(reader.u64()?).ok()?;
            Some(Entry { name, quantized, elements, start, length })
        })
        .collect()
}

/// A tensor's name and shape in BERT's layout.
fn tensor(name: &str, shape: &Shape) -> Option<(String, Vec<usize>)> {
    let Shape { hidden, inner, .. } = *shape;
    let (place, part) = name.rsplit_once('.')?;
    if place == "emb" {
        let (table, rows) = match part {
            "word" => ("word_embeddings", shape.vocabulary),
            "pos" => ("position_embeddings", shape.positions),
            "type" => ("token_type_embeddings", shape.types),
            _ => return None,
        };
        return Some((format!("embeddings.{table}.weight"), vec![rows, hidden]));
    }
    let (layer, module) = place.split_once('.')?;
    let (path, rows, columns) = match module {
        "ln" => ("embeddings.LayerNorm", hidden, None),
        "q" => ("attention.self.query", hidden, Some(hidden)),
        "k" => ("attention.self.key", hidden, Some(hidden)),
        "v" => ("attention.self.value", hidden, Some(hidden)),
        "ao" => ("attention.output.dense", hidden, Some(hidden)),
        "aln" => ("attention.output.LayerNorm", hidden, None),
        "fi" => ("intermediate.dense", inner, Some(hidden)),
        "fo" => ("output.dense", hidden, Some(inner)),
        "oln" => ("output.LayerNorm", hidden, None),
        _ => return None,
    };
    let path = match layer {
        "emb" => path.to_owned(),
        _ => format!("encoder.layer.{}.{path}", layer.strip_prefix('l')?.parse::<usize>().ok()?),
    };
    match part {
        "w" => Some((format!("{path}.weight"), [Some(rows), columns].into_iter().flatten().collect())),
        "b" => Some((format!("{path}.bias"), vec![rows])),
        _ => None,
    }
}

fn dequantize(entry: &Entry, raw: &[u8], into: &mut Values<'_>) -> std::io::Result<()> {
    if !entry.quantized {
        for bytes in raw.as_chunks::<4>().0 {
            into.push(&[f32::from_le_bytes(*bytes)])?;
        }
        return Ok(());
    }
    let mut left = entry.elements;
    for block in raw.as_chunks::<BLOCK_BYTES>().0 {
        let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
        let mut values = [0f32; BLOCK_VALUES];
        for (j, byte) in block[2..].iter().enumerate() {
            values[j] = (f32::from(byte & 15) - 8.0) * scale;
            values[j + BLOCK_VALUES / 2] = (f32::from(byte >> 4) - 8.0) * scale;
        }
        let count = left.min(BLOCK_VALUES);
        into.push(&values[..count])?;
        left -= count;
    }
    Ok(())
}

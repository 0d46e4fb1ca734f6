//! Tensors by name from a folder's safetensors files, single or sharded, mapped rather than read.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};

use super::adapter::Adapter;
use crate::ai::{AiError, MappedFile};

/// The weights of one model folder.
pub(super) struct Tensors {
    folder: PathBuf,
    entries: HashMap<String, Entry>,
    adapter: Option<Arc<Adapter>>,
}

/// One tensor: its bytes stay in the mapped file until they are converted.
#[derive(Clone)]
struct Entry {
    file: Arc<MappedFile>,
    bytes: Range<usize>,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl Tensors {
    /// Maps `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    pub fn open(folder: &Path) -> Result<Self, AiError> {
        let index = folder.join("model.safetensors.index.json");
        let files = if index.exists() { shards(&index)? } else { vec!["model.safetensors".to_owned()] };
        let mut entries = HashMap::new();
        for name in files {
            let path = folder.join(&name);
            let refuse = |detail: &dyn std::fmt::Display| AiError::load(path.display(), detail);
            let file = Arc::new(MappedFile::open(&path)?);
            let (header, metadata) = SafeTensors::read_metadata(&file).map_err(|error| refuse(&error))?;
            let data = header + size_of::<u64>();
            for (name, info) in metadata.tensors() {
                let (start, end) = info.data_offsets;
                let bytes = data + start..data + end;
                if file.get(bytes.clone()).is_none() {
                    return Err(refuse(&format!("tensor {name} lies beyond the end of the file")));
                }
                let (dtype, shape) = (info.dtype, info.shape.clone());
                entries.insert(name, Entry { file: Arc::clone(&file), bytes, dtype, shape });
            }
        }
        Ok(Self { folder: folder.to_owned(), entries, adapter: None })
    }

    /// The same weights as the adapter changes them.
    pub fn adapted(self, adapter: Arc<Adapter>) -> Self {
        Self { adapter: Some(adapter), ..self }
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The values as f32, after checking the shape.
    pub fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, AiError> {
        let entry = self.entry(name, shape)?;
        let mut values = vec![0f32; shape.iter().product()];
        decode(entry.dtype, &entry.file[entry.bytes.clone()], &mut values);
        if let Some(adapter) = &self.adapter {
            adapter.change(name, shape, &mut values)?;
        }
        Ok(values)
    }

    /// A tensor in f32 on `device`, after checking the shape.
    pub fn tensor(&self, name: &str, shape: &[usize], device: &Device) -> Result<Tensor, AiError> {
        Ok(Tensor::from_vec(self.values(name, shape)?, shape, &Device::Cpu)?
            .to_dtype(DType::F32)?
            .to_device(device)?)
    }

    /// A table that stays in the mapped file in its own type; rows are converted as they are looked up.
    pub fn table(&self, name: &str, shape: [usize; 2]) -> Result<Table, AiError> {
        let entry = self.entry(name, &shape)?.clone();
        Ok(Table { row_bytes: entry.bytes.len() / shape[0].max(1), rows: shape[0], entry })
    }

    fn entry(&self, name: &str, shape: &[usize]) -> Result<&Entry, AiError> {
        let refuse = |detail: String| AiError::load(self.folder.display(), detail);
        let entry = self.entries.get(name).ok_or_else(|| refuse(format!("tensor {name} is missing")))?;
        if entry.shape != shape {
            return Err(refuse(format!("tensor {name} has shape {:?}, not {shape:?}", entry.shape)));
        }
        if !matches!(entry.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(refuse(format!("tensor {name} has type {:?}, which is not supported", entry.dtype)));
        }
        Ok(entry)
    }
}

/// An embedding table in its file: of 192 MB only the pages of words that occur become resident.
pub(super) struct Table {
    entry: Entry,
    rows: usize,
    row_bytes: usize,
}

impl Table {
    /// Writes the f32 values of `row` into `into`; false when there is no such row.
    pub fn read_row(&self, row: usize, into: &mut [f32]) -> bool {
        if row >= self.rows {
            return false;
        }
        let start = self.entry.bytes.start + row * self.row_bytes;
        decode(self.entry.dtype, &self.entry.file[start..start + self.row_bytes], into);
        true
    }
}

/// Little-endian values of a checked type to f32.
pub(super) fn decode(dtype: Dtype, bytes: &[u8], into: &mut [f32]) {
    let halves = || bytes.as_chunks::<2>().0;
    match dtype {
        Dtype::F16 => into.iter_mut().zip(halves()).for_each(|(v, b)| *v = f16::from_le_bytes(*b).to_f32()),
        Dtype::BF16 => into.iter_mut().zip(halves()).for_each(|(v, b)| *v = bf16::from_le_bytes(*b).to_f32()),
        _ => into.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(v, b)| *v = f32::from_le_bytes(*b)),
    }
}

fn shards(index: &Path) -> Result<Vec<String>, AiError> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let refuse = |detail: String| AiError::load(index.display(), detail);
    let text = std::fs::read_to_string(index).map_err(|error| refuse(error.to_string()))?;
    let parsed: Index = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let mut files: Vec<String> = parsed.weight_map.into_values().collect();
    files.sort_unstable();
    files.dedup();
    match files.iter().find(|file| Path::new(file).components().count() != 1) {
        Some(file) => Err(refuse(format!("{file} is not a file beside the index"))),
        None => Ok(files),
    }
}

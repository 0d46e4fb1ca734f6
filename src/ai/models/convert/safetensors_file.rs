//! Writes a safetensors file tensor by tensor, so that a model larger than memory can be converted.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use half::f16;
use serde_json::json;

use super::refused;
use crate::ai::models::ModelsError;
use crate::ai::models::files::{PartFile, Written};

/// A tensor to be written: matrices become f16, vectors (biases, norms) stay f32.
pub(super) struct Planned {
    pub name: String,
    pub shape: Vec<usize>,
}

impl Planned {
    fn is_half(&self) -> bool {
        self.shape.len() > 1
    }

    fn values(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Takes the values of one tensor, in order, in as many pieces as the source likes.
pub(super) struct Values<'a> {
    file: &'a mut PartFile,
    half: bool,
    left: usize,
}

impl Values<'_> {
    /// Writes the next values.
    pub fn push(&mut self, values: &[f32]) -> std::io::Result<()> {
        self.left =
            self.left.checked_sub(values.len()).ok_or_else(|| std::io::Error::other("too many values"))?;
        for value in values {
            if self.half {
                self.file.write_all(&f16::from_f32(*value).to_le_bytes())?;
            } else {
                self.file.write_all(&value.to_le_bytes())?;
            }
        }
        Ok(())
    }
}

/// Writes `path` with all tensors of `plan`; `fill(index, …)` gives the values of `plan[index]`. `source_sha256` is kept
/// in the file's metadata.
pub(super) fn write(
    path: &Path,
    source_sha256: &str,
    plan: &[Planned],
    mut fill: impl FnMut(usize, &mut Values<'_>) -> Result<(), ModelsError>,
) -> Result<Written, ModelsError> {
    let mut header = BTreeMap::from([(
        "__metadata__".to_owned(),
        json!({ "format": "pt", "source_sha256": source_sha256 }),
    )]);
    let mut offset = 0;
    for tensor in plan {
        let end = offset + tensor.values() * if tensor.is_half() { 2 } else { 4 };
        let dtype = if tensor.is_half() { "F16" } else { "F32" };
        header.insert(
            tensor.name.clone(),
            json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [offset, end] }),
        );
        offset = end;
    }
    let mut header = serde_json::to_vec(&header).map_err(|error| refused(path, error))?;
    // The format asks for data that begins at a multiple of 8.
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = PartFile::create(path)?;
    let head = file.write_all(&(header.len() as u64).to_le_bytes()).and_then(|()| file.write_all(&header));
    head.map_err(|error| ModelsError::io(path, error))?;
    for (index, tensor) in plan.iter().enumerate() {
        let mut values = Values { file: &mut file, half: tensor.is_half(), left: tensor.values() };
        fill(index, &mut values)?;
        if values.left > 0 {
            return Err(refused(path, format!("tensor {} lacks {} values", tensor.name, values.left)));
        }
    }
    file.finish(|_, _| Ok(()))
}

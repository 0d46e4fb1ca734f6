//! `pytorch_model.bin` to `model.safetensors`. The pickle is only parsed: no code in it is run.

use std::path::Path;

use candle_core::pickle::PthTensors;
use candle_core::{DType, Device};

use super::refused;
use super::safetensors_file::{Planned, write};
use crate::ai::models::ModelsError;
use crate::ai::models::installed::RecordedFile;

/// Writes `to/model.safetensors`, one tensor in memory at a time. Buffers that are no weights are left out.
pub(super) fn convert(file: &Path, sha256: &str, to: &Path) -> Result<RecordedFile, ModelsError> {
    let tensors = PthTensors::new(file, None).map_err(|error| refused(file, error))?;
    let mut plan: Vec<Planned> = tensors
        .tensor_infos()
        .iter()
        .filter(|(_, info)| matches!(info.dtype, DType::F32 | DType::F16 | DType::BF16))
        .map(|(name, info)| Planned { name: name.clone(), shape: info.layout.dims().to_vec() })
        .collect();
    if plan.is_empty() {
        return Err(refused(file, "there are no weights in it"));
    }
    plan.sort_by(|a, b| a.name.cmp(&b.name));
    let name = "model.safetensors";
    let written = write(&to.join(name), sha256, &plan, |index, into| {
        let tensor = tensors.get(&plan[index].name).map_err(|error| refused(file, error))?;
        let tensor = tensor.ok_or_else(|| refused(file, format!("{} is missing", plan[index].name)))?;
        let values = tensor
            .to_device(&Device::Cpu)
            .and_then(|tensor| tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>())
            .map_err(|error| refused(file, error))?;
        into.push(&values).map_err(|error| ModelsError::io(to, error))
    })?;
    Ok(RecordedFile::new(name, &written))
}

//! What training added to an encoder: a low-rank change of its matrices (LoRA, Hu et al. 2021) and heads on its states.
//!
//! The file is safetensors in PEFT's names: `NAME.lora_A.weight` `[rank, in]` and `NAME.lora_B.weight` `[out, rank]`
//! change the matrix `NAME.weight` by `scale · B·A`; a head is `NAME.weight` `[1, hidden]` and `NAME.bias` `[1]`. Its
//! metadata hold `scale` and `base`, the revision of the weights that it was trained on: on others it would say
//! anything, and nobody would notice.

use std::collections::HashMap;

use safetensors::{Dtype, SafeTensors};

use super::tensors::decode;
use crate::ai::AiError;

/// See the module.
pub(super) struct Adapter {
    /// Shape and values by name.
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    scale: f32,
}

/// A row of weights and a bias: a state to a logit.
pub(super) struct Probe {
    pub weight: Vec<f32>,
    pub bias: f32,
}

impl Adapter {
    /// # Errors
    /// [`AiError::Load`] when the bytes are no adapter, or one for other weights than `base`.
    pub fn parse(bytes: &[u8], base: &str) -> Result<Self, AiError> {
        let refuse = |detail: String| AiError::load("the reader's adapter", detail);
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| refuse(error.to_string()))?;
        let metadata = header.metadata().as_ref();
        let value = |key: &str| {
            metadata.and_then(|map| map.get(key)).ok_or_else(|| refuse(format!("it does not say its {key}")))
        };
        let trained_on = value("base")?;
        if trained_on != base {
            return Err(refuse(format!("it was trained on weights {trained_on}, these are {base}")));
        }
        let scale = value("scale")?.parse().map_err(|_| refuse("its scale is no number".into()))?;
        let mut tensors = HashMap::new();
        let file = SafeTensors::deserialize(bytes).map_err(|error| refuse(error.to_string()))?;
        for (name, view) in file.tensors() {
            if !matches!(view.dtype(), Dtype::F32 | Dtype::F16) {
                return Err(refuse(format!("{name} has type {:?}, which is not supported", view.dtype())));
            }
            let mut values = vec![0f32; view.shape().iter().product()];
            decode(view.dtype(), view.data(), &mut values);
            tensors.insert(name, (view.shape().to_vec(), values));
        }
        Ok(Self { tensors, scale })
    }

    /// Adds the change of the matrix `name` (`[rows, columns]`, row by row) to its values, where there is one.
    ///
    /// # Errors
    /// [`AiError::Load`] when the change is of another shape.
    pub fn change(&self, name: &str, shape: &[usize], values: &mut [f32]) -> Result<(), AiError> {
        let Some(matrix) = name.strip_suffix(".weight") else { return Ok(()) };
        let Some((into_shape, into_rank)) = self.tensors.get(&format!("{matrix}.lora_A.weight")) else {
            return Ok(());
        };
        let (&[rows, columns], &[rank, width]) = (shape, into_shape.as_slice()) else {
            return Err(wrong(name));
        };
        if width != columns || rank == 0 {
            return Err(wrong(name));
        }
        let from_rank = self.values(&format!("{matrix}.lora_B.weight"), &[rows, rank])?;
        for (row, factors) in values.chunks_exact_mut(columns).zip(from_rank.chunks_exact(rank)) {
            for (factor, direction) in factors.iter().zip(into_rank.chunks_exact(columns)) {
                let factor = factor * self.scale;
                row.iter_mut().zip(direction).for_each(|(value, step)| *value += factor * step);
            }
        }
        Ok(())
    }

    /// The head `name` on states of `hidden` values.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or of another shape.
    pub fn probe(&self, name: &str, hidden: usize) -> Result<Probe, AiError> {
        let weight = self.values(&format!("{name}.weight"), &[1, hidden])?.to_vec();
        let bias = self.values(&format!("{name}.bias"), &[1])?[0];
        Ok(Probe { weight, bias })
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<&[f32], AiError> {
        match self.tensors.get(name) {
            Some((found, values)) if found == shape => Ok(values),
            _ => Err(wrong(name)),
        }
    }
}

fn wrong(name: &str) -> AiError {
    AiError::load("the reader's adapter", format!("{name} is missing or of another shape"))
}

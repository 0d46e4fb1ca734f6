//! What training added to an encoder: a low-rank change of its matrices (LoRA, Hu et al. 2021) and heads on its states.
//!
//! The file is safetensors in PEFT's names: `NAME.lora_A.weight` `[rank, in]` and `NAME.lora_B.weight` `[out, rank]`
//! change the matrix `NAME.weight` by `scale · B·A`; a head is `NAME.weight` `[1, hidden]` and `NAME.bias` `[1]`. Its
//! metadata hold `scale` and `base`, the revision of the weights that it was trained on: on others it would say
//! anything, and nobody would notice.

use std::borrow::Cow;

use safetensors::{Dtype, SafeTensors};

use super::tensors::decode;
use crate::ai::AiError;

/// See the module.
pub(super) struct Adapter {
    bytes: Cow<'static, [u8]>,
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
    pub fn parse(bytes: Cow<'static, [u8]>, base: &str) -> Result<Self, AiError> {
        let refuse = |detail: String| AiError::load("the reader's adapter", detail);
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| refuse(error.to_string()))?;
        let metadata = header.metadata().as_ref();
        let value = |key: &str| {
            metadata.and_then(|map| map.get(key)).ok_or_else(|| refuse(format!("it does not say its {key}")))
        };
        let trained_on = value("base")?;
        if trained_on != base {
            return Err(refuse(format!("it was trained on weights {trained_on}, these are {base}")));
        }
        let scale = value("scale")?.parse().map_err(|_| refuse("its scale is no number".into()))?;
        Ok(Self { bytes, scale })
    }

    /// Adds the change of the matrix `name` (`[rows, columns]`, row by row) to its values, where there is one.
    ///
    /// # Errors
    /// [`AiError::Load`] when the change is of another shape.
    pub fn change(&self, name: &str, shape: &[usize], values: &mut [f32]) -> Result<(), AiError> {
        let Some(matrix) = name.strip_suffix(".weight") else { return Ok(()) };
        let names = ["A", "B"].map(|factor| format!("{matrix}.lora_{factor}.weight"));
        let file = self.tensors()?;
        if file.tensor(&names[0]).is_err() {
            return Ok(());
        }
        let &[rows, columns] = shape else { return Err(wrong(name)) };
        let (into_rank, rank) =
            self.read(&file, &names[0], |shape| shape.len() == 2 && shape[1] == columns)?;
        let (from_rank, _) = self.read(&file, &names[1], |shape| shape == [rows, rank])?;
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
        let file = self.tensors()?;
        let (weight, _) = self.read(&file, &format!("{name}.weight"), |shape| shape == [1, hidden])?;
        let (bias, _) = self.read(&file, &format!("{name}.bias"), |shape| shape == [1])?;
        Ok(Probe { weight, bias: bias[0] })
    }

    fn tensors(&self) -> Result<SafeTensors<'_>, AiError> {
        SafeTensors::deserialize(&self.bytes).map_err(|error| AiError::load("the reader's adapter", error))
    }

    /// A tensor's values and its first dimension.
    fn read(
        &self,
        file: &SafeTensors<'_>,
        name: &str,
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<(Vec<f32>, usize), AiError> {
        let view = file.tensor(name).map_err(|_| wrong(name))?;
        if !fits(view.shape()) || !matches!(view.dtype(), Dtype::F32 | Dtype::F16) {
            return Err(wrong(name));
        }
        let mut values = vec![0f32; view.shape().iter().product()];
        decode(view.dtype(), view.data(), &mut values);
        Ok((values, view.shape()[0]))
    }
}

fn wrong(name: &str) -> AiError {
    AiError::load("the reader's adapter", format!("{name} is missing or of another shape"))
}

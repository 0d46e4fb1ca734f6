//! The steps between matrix products: on the processor our own [`kernels`], elsewhere Candle's stock operations.

use candle_core::{CpuStorage, D, Device, Error, InplaceOp1, InplaceOp2, Layout, Result, Shape, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};

use super::kernels;
use super::tensors::Tensors;
use crate::ai::AiError;

/// A vector of parameters where its operation needs it: as a slice for [`kernels`], as a tensor for a GPU.
#[derive(Clone)]
pub(super) struct Vector {
    values: Vec<f32>,
    tensor: Tensor,
}

impl Vector {
    pub fn new(values: Vec<f32>, device: &Device) -> Result<Self> {
        let tensor = Tensor::new(values.as_slice(), device)?;
        Ok(Self { values, tensor })
    }

    pub fn load(
        tensors: &Tensors,
        name: &str,
        length: usize,
        device: &Device,
    ) -> std::result::Result<Self, AiError> {
        Ok(Self::new(tensors.values(name, &[length])?, device)?)
    }
}

/// `layer_norm(x + bias + residual)`.
pub(super) struct AddNorm {
    pub bias: Vector,
    pub scale: Vector,
    pub shift: Vector,
    pub eps: f32,
}

impl AddNorm {
    /// `x` and `residual`: `[tokens, width]`. Takes `x`, whose memory becomes the result on the processor.
    pub fn apply(&self, x: Tensor, residual: &Tensor) -> Result<Tensor> {
        if x.device().is_cpu() {
            x.inplace_op2(residual, self)?;
            return Ok(x);
        }
        let x = x.broadcast_add(&self.bias.tensor)?.add(residual)?;
        layer_norm(&x, &self.scale.tensor, &self.shift.tensor, self.eps)
    }
}

impl InplaceOp2 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, lx: &Layout, residual: &CpuStorage, lr: &Layout) -> Result<()> {
        let x = contiguous_mut(x, lx, self.name())?;
        let residual = contiguous(residual, lr, self.name())?;
        kernels::add_norm(x, residual, &self.bias.values, &self.scale.values, &self.shift.values, self.eps);
        Ok(())
    }
}

/// `gelu(x + bias)`, the exact form.
pub(super) struct BiasGelu {
    pub bias: Vector,
}

impl BiasGelu {
    /// `x`: `[tokens, width]`. Takes `x`, whose memory becomes the result on the processor.
    pub fn apply(&self, x: Tensor) -> Result<Tensor> {
        if x.device().is_cpu() {
            x.inplace_op1(self)?;
            return Ok(x);
        }
        x.broadcast_add(&self.bias.tensor)?.gelu_erf()
    }
}

impl InplaceOp1 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, layout: &Layout) -> Result<()> {
        kernels::bias_gelu(contiguous_mut(x, layout, self.name())?, &self.bias.values);
        Ok(())
    }
}

/// Self-attention within each of several sequences that lie end to end.
pub(super) struct Attention<'a> {
    pub heads: usize,
    /// Of query, key and value, one after the other.
    pub bias: &'a Vector,
    /// The first row of each sequence, then the number of rows.
    pub starts: &'a [usize],
}

impl Attention<'_> {
    /// `qkv`: `[tokens, 3 × width]` without bias; gives `[tokens, width]`.
    pub fn apply(&self, qkv: &Tensor) -> Result<Tensor> {
        if qkv.device().is_cpu() {
            return qkv.apply_op1_no_bwd(self);
        }
        let qkv = qkv.broadcast_add(&self.bias.tensor)?;
        let mut contexts = Vec::new();
        let mut first = 0;
        while first + 1 < self.starts.len() {
            let length = self.starts[first + 1] - self.starts[first];
            let alike =
                self.starts[first..].windows(2).take_while(|span| span[1] - span[0] == length).count();
            contexts.push(self.equally_long(&qkv.narrow(0, self.starts[first], alike * length)?, length)?);
            first += alike;
        }
        Tensor::cat(&contexts, 0)
    }

    /// Sequences of one length are one batched product, without padding or mask.
    fn equally_long(&self, qkv: &Tensor, length: usize) -> Result<Tensor> {
        let (rows, width) = (qkv.dim(0)?, qkv.dim(1)? / 3);
        let size = width / self.heads;
        let part = |index: usize| {
            let part = qkv.narrow(1, index * width, width)?;
            part.reshape((rows / length, length, self.heads, size))?.transpose(1, 2)?.contiguous()
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let scores = (query.matmul(&key.t()?)? * (size as f64).powf(-0.5))?;
        softmax_last_dim(&scores)?.matmul(&value)?.transpose(1, 2)?.reshape((rows, width))
    }
}

impl candle_core::CustomOp1 for Attention<'_> {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let context = kernels::attention(
            contiguous(qkv, layout, self.name())?,
            self.starts,
            self.heads,
            &self.bias.values,
        );
        let (rows, width) = layout.shape().dims2()?;
        Ok((CpuStorage::F32(context), Shape::from((rows, width / 3))))
    }
}

/// Sequences' first rows, or their mean over tokens: `[tokens, width]` to `[sequences, width]`.
pub(super) fn pool(hidden: &Tensor, starts: &[usize], mean: bool) -> Result<Tensor> {
    let spans = starts.windows(2).map(|span| (span[0], span[1] - span[0]));
    let rows = spans.map(|(start, length)| match mean {
        true => hidden.narrow(0, start, length)?.mean_keepdim(0),
        false => hidden.narrow(0, start, 1),
    });
    Tensor::cat(&rows.collect::<Result<Vec<_>>>()?, 0)
}

/// `x · weight + bias` for a head's few rows; `weight` is `[out, in]`.
pub(super) fn linear(x: &Tensor, weight: &Tensor, bias: &Vector) -> Result<Tensor> {
    debug_assert_eq!(x.dim(D::Minus1)?, weight.dim(1)?);
    x.matmul(&weight.t()?)?.broadcast_add(&bias.tensor)
}

fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout, op: &'static str) -> Result<&'a [f32]> {
    let (start, end) = layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op })?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

fn contiguous_mut<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
    op: &'static str,
) -> Result<&'a mut [f32]> {
    let (start, end) = layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op })?;
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[start..end]),
        _ => Err(Error::Msg(format!("{op} takes f32"))),
    }
}

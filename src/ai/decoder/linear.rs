//! Projections and embedding tables, quantized or dense, behind one face.

use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{DType, Result, Tensor};

/// A projection y = x·Wᵀ + b.
pub(super) enum Linear {
    /// Blocks of small integers, multiplied as they are.
    Quantized {
        /// Shape (outputs, columns); columns past `inputs` are zero.
        weight: Arc<QTensor>,
        bias: Option<Tensor>,
        inputs: usize,
    },
    /// Shape (outputs, inputs) in any float type; the product is taken in that type.
    Dense { weight: Tensor, bias: Option<Tensor> },
}

impl Linear {
    /// `x` of shape (rows, inputs) to (rows, outputs), f32 in and out.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (product, bias) = match self {
            Self::Quantized { weight, bias, inputs } => {
                (widen_input(x, weight, *inputs)?.apply_op1_no_bwd(weight.as_ref())?, bias)
            }
            Self::Dense { weight, bias } => {
                (x.to_dtype(weight.dtype())?.matmul(&weight.t()?)?.to_dtype(DType::F32)?, bias)
            }
        };
        add_bias(product, bias.as_ref())
    }

    /// Several projections of the same `x`. Where neighbours share a quantized type, the processor quantizes `x` once
    /// and multiplies all of them in one parallel region: on one row, starting a region costs as much as a small
    /// matrix.
    pub(super) fn forward_shared<const N: usize>(linears: [&Self; N], x: &Tensor) -> Result<[Tensor; N]> {
        let mut outputs = Vec::with_capacity(N);
        while outputs.len() < N {
            let rest = &linears[outputs.len()..];
            let alike = rest.iter().take_while(|linear| linear.fuses_with(rest[0])).count();
            match Self::fused(&rest[..alike], x)? {
                Some(fused) => outputs.extend(fused),
                None => outputs.push(rest[0].forward(x)?),
            }
        }
        // Each turn adds at least one and never more than are left.
        outputs.try_into().map_err(|_| candle_core::Error::msg("projections went missing"))
    }

    fn fuses_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantized { weight: a, inputs: m, .. }, Self::Quantized { weight: b, inputs: n, .. }) => {
                a.dtype() == b.dtype() && m == n && a.shape().dims()[1] == b.shape().dims()[1]
            }
            _ => false,
        }
    }

    fn fused(linears: &[&Self], x: &Tensor) -> Result<Option<Vec<Tensor>>> {
        let mut weights = Vec::with_capacity(linears.len());
        let mut biases = Vec::with_capacity(linears.len());
        let mut width = 0;
        for linear in linears {
            let Self::Quantized { weight, bias, inputs } = linear else { return Ok(None) };
            weights.push(weight.as_ref());
            biases.push(bias.as_ref());
            width = *inputs;
        }
        if weights.len() < 2 {
            return Ok(None);
        }
        let x = widen_input(x, weights[0], width)?;
        let Some(products) = QTensor::gemv_fused_shared_lhs(&weights, &x)? else { return Ok(None) };
        let add = |(product, bias)| add_bias(product, bias);
        Ok(Some(products.into_iter().zip(biases).map(add).collect::<Result<_>>()?))
    }
}

fn widen_input(x: &Tensor, weight: &QTensor, inputs: usize) -> Result<Tensor> {
    let columns = weight.shape().dims()[1];
    if columns == inputs { Ok(x.clone()) } else { x.pad_with_zeros(1, 0, columns - inputs) }
}

fn add_bias(product: Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(bias) => product.broadcast_add(bias),
        None => Ok(product),
    }
}

/// One row of numbers for each token id. Only the rows asked for are ever dequantized: a 1.5B model's table would
/// be 0.93 GB as f32.
pub(super) enum Embedding {
    Quantized(Arc<QTensor>),
    /// Shape (vocabulary, hidden) in any float type.
    Dense(Tensor),
}

impl Embedding {
    /// `ids` of shape (tokens) to (tokens, hidden), f32.
    pub(super) fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Quantized(table) => table.embedding(ids),
            Self::Dense(table) => table.index_select(ids, 0)?.to_dtype(DType::F32),
        }
    }

    /// The same table as the projection from the hidden width to the vocabulary.
    pub(super) fn tied(&self) -> Linear {
        match self {
            Self::Quantized(table) => {
                let inputs = table.shape().dims()[1];
                Linear::Quantized { weight: Arc::clone(table), bias: None, inputs }
            }
            Self::Dense(table) => Linear::Dense { weight: table.clone(), bias: None },
        }
    }
}

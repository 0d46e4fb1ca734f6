//! The decoder's steps between projections: on the processor by the loops of [`super::simd`], elsewhere by candle's
//! kernels. Both give the same numbers to rounding.
//!
//! Candle's own processor kernels allocate, copy between layouts and wake a second thread pool for every step; on one
//! row that costs as much as the matrices do.

use candle_core::{Device, Result, Storage, Tensor};
use candle_nn::ops as nn;

use super::cache::LayerKv;
use super::config::Activation;
use super::rope::RopeTable;
use super::simd::{add_scaled, dot, exp, for_each_chunk, softmax};

/// Runs `body` on the values of a contiguous f32 tensor in the processor's memory.
pub(super) fn with_values<R>(tensor: &Tensor, body: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(values) => {
            body(&values.as_slice::<f32>()?[layout.start_offset()..][..layout.shape().elem_count()])
        }
        _ => candle_core::bail!("the tensor is not in the processor's memory"),
    }
}

/// Root mean square norm of each row, times `weight`.
pub(super) struct RmsNorm {
    /// Shape (width).
    pub(super) weight: Tensor,
    pub(super) eps: f32,
}

impl RmsNorm {
    /// `x` of shape (rows, width).
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !x.device().is_cpu() {
            return nn::rms_norm(&x.contiguous()?, &self.weight, self.eps);
        }
        let width = self.weight.elem_count();
        with_values(&self.weight, |weight| {
            with_values(x, |x| {
                let mut out = vec![0f32; x.len()];
                for_each_chunk(&mut out, width * rows_per_chunk(width), |index, out| {
                    let start = index * width * rows_per_chunk(width);
                    for (out, x) in out.chunks_exact_mut(width).zip(x[start..].chunks_exact(width)) {
                        norm_row(x, weight, self.eps, out);
                    }
                });
                Tensor::from_vec(out, (x.len() / width, width), &Device::Cpu)
            })
        })
    }
}

/// Rows that make a piece of work worth handing to another thread.
fn rows_per_chunk(width: usize) -> usize {
    (16_384 / width).max(1)
}

#[inline(always)]
fn norm_row(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32]) {
    let scale = (dot(x, x) / x.len() as f32 + eps).sqrt().recip();
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * scale * weight;
    }
}

/// activation(gate) · up, all of shape (rows, width).
pub(super) fn gated(activation: Activation, gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if !gate.device().is_cpu() {
        let gate = match activation {
            Activation::Silu => gate.silu()?,
            Activation::GeluTanh => gate.gelu()?,
        };
        return gate * up;
    }
    const CHUNK: usize = 16_384;
    with_values(gate, |gate_values| {
        with_values(up, |up_values| {
            let mut out = vec![0f32; gate_values.len()];
            for_each_chunk(&mut out, CHUNK, |index, out| {
                let range = index * CHUNK..index * CHUNK + out.len();
                let pairs = gate_values[range.clone()].iter().zip(&up_values[range]);
                // x · sigmoid(x), and GELU's tanh form written with it: (1 + tanh y) / 2 = sigmoid(2y).
                match activation {
                    Activation::Silu => {
                        for (out, (x, up)) in out.iter_mut().zip(pairs) {
                            *out = x / (1.0 + exp(-x)) * up;
                        }
                    }
                    Activation::GeluTanh => {
                        const TWICE_ROOT_2_OVER_PI: f32 =
                            std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::SQRT_2;
                        for (out, (x, up)) in out.iter_mut().zip(pairs) {
                            let y = TWICE_ROOT_2_OVER_PI * (x + 0.044_715 * x * x * x);
                            *out = x / (1.0 + exp(-y)) * up;
                        }
                    }
                }
            });
            Tensor::from_vec(out, gate.shape(), &Device::Cpu)
        })
    })
}

/// What is done to queries or keys between their projection and attention.
pub(super) struct HeadTransform<'a> {
    pub(super) heads: usize,
    pub(super) norm: Option<&'a RmsNorm>,
    pub(super) rope: &'a RopeTable,
}

impl HeadTransform<'_> {
    /// `x` of shape (tokens, heads · head_dim), the first token at position `at`, to (heads, tokens, head_dim): each
    /// head normalised where the model does so, then rotated.
    pub(super) fn forward(&self, x: &Tensor, at: usize) -> Result<Tensor> {
        let (tokens, width) = x.dims2()?;
        let head_dim = width / self.heads;
        if !x.device().is_cpu() {
            let x = match self.norm {
                Some(norm) => norm.forward(&x.reshape((tokens * self.heads, head_dim))?)?,
                None => x.clone(),
            };
            let x = x.reshape((1, tokens, self.heads, head_dim))?.transpose(1, 2)?.contiguous()?;
            let (cos, sin) = (self.rope.cos.narrow(0, at, tokens)?, self.rope.sin.narrow(0, at, tokens)?);
            return candle_nn::rotary_emb::rope(&x, &cos, &sin)?.squeeze(0);
        }
        let norm = self.norm.map(|norm| norm.weight.to_vec1::<f32>().map(|weight| (weight, norm.eps)));
        let norm = norm.transpose()?;
        let half = head_dim / 2;
        let mut out = vec![0f32; tokens * width];
        with_values(&self.rope.cos, |cos| {
            with_values(&self.rope.sin, |sin| {
                with_values(x, |x| {
                    for_each_head(&mut out, tokens, head_dim, |head, out| {
                        for (token, out) in out.chunks_exact_mut(head_dim).enumerate() {
                            let x = &x[token * width + head * head_dim..][..head_dim];
                            match &norm {
                                Some((weight, eps)) => norm_row(x, weight, *eps, out),
                                None => out.copy_from_slice(x),
                            }
                            let angle = (at + token) * half;
                            rotate(out, &cos[angle..][..half], &sin[angle..][..half]);
                        }
                    });
                    Ok(())
                })
            })
        })?;
        Tensor::from_vec(out, (self.heads, tokens, head_dim), &Device::Cpu)
    }
}

/// One piece of work a head, or one for all where they are too small to share out.
fn for_each_head(out: &mut [f32], tokens: usize, head_dim: usize, body: impl Fn(usize, &mut [f32]) + Sync) {
    let size = tokens * head_dim;
    if tokens > 1 {
        return for_each_chunk(out, size, body);
    }
    super::simd::vectorised(|| {
        out.chunks_exact_mut(size).enumerate().for_each(|(head, out)| body(head, out))
    });
}

#[inline(always)]
fn rotate(x: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (low, high) = x.split_at_mut(cos.len());
    for (((low, high), cos), sin) in low.iter_mut().zip(high).zip(cos).zip(sin) {
        (*low, *high) = (*low * cos - *high * sin, *high * cos + *low * sin);
    }
}

/// `x` of shape (tokens, heads · head_dim) as (heads, tokens, head_dim), contiguous.
pub(super) fn split_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (tokens, width) = x.dims2()?;
    x.reshape((tokens, heads, width / heads))?.transpose(0, 1)?.contiguous()
}

/// Attention of the newest tokens of a sequence to all that the cache holds, themselves included.
pub(super) struct Attention {
    /// Scores are multiplied by this.
    pub(super) scale: f32,
    /// Tokens that one can see, itself included; `None`: all before it.
    pub(super) window: Option<usize>,
}

impl Attention {
    /// `queries` of shape (heads, tokens, head_dim) for the tokens at positions `at..at + tokens`, whose keys and
    /// values are already in `cache`. Returns (tokens, heads · head_dim).
    pub(super) fn forward(&self, queries: &Tensor, cache: &LayerKv, at: usize) -> Result<Tensor> {
        let (_, tokens, _) = queries.dims3()?;
        if queries.device().is_cpu() && tokens == 1 {
            self.one_token(queries, cache, at)
        } else {
            self.many_tokens(queries, cache, at)
        }
    }

    /// The first position that the token at `position` sees.
    fn first_seen(&self, position: usize) -> usize {
        self.window.map_or(0, |window| (position + 1).saturating_sub(window))
    }

    /// One query row a head against the keys where they lie, without a copy: a key head's rows are read once for all
    /// query heads that share it.
    fn one_token(&self, queries: &Tensor, cache: &LayerKv, at: usize) -> Result<Tensor> {
        let (heads, _, head_dim) = queries.dims3()?;
        let (kv_heads, capacity, _) = cache.keys.dims3()?;
        let shared = heads / kv_heads;
        let seen = self.first_seen(at)..at + 1;
        let mut out = vec![0f32; heads * head_dim];
        with_values(queries, |queries| {
            with_values(&cache.keys, |keys| {
                with_values(&cache.values, |values| {
                    for_each_chunk(&mut out, shared * head_dim, |kv_head, out| {
                        let rows = (kv_head * capacity + seen.start) * head_dim..;
                        let keys = keys[rows.clone()].chunks_exact(head_dim).take(seen.len());
                        let values = values[rows].chunks_exact(head_dim).take(seen.len());
                        let queries = &queries[kv_head * shared * head_dim..][..shared * head_dim];
                        let mut scores = vec![0f32; shared * seen.len()];
                        for (position, key) in keys.enumerate() {
                            for (query, row) in queries.chunks_exact(head_dim).enumerate() {
                                scores[query * seen.len() + position] = dot(row, key) * self.scale;
                            }
                        }
                        scores.chunks_exact_mut(seen.len()).for_each(softmax);
                        for (position, value) in values.enumerate() {
                            for (query, out) in out.chunks_exact_mut(head_dim).enumerate() {
                                add_scaled(out, value, scores[query * seen.len() + position]);
                            }
                        }
                    });
                    Ok(())
                })
            })
        })?;
        Tensor::from_vec(out, (1, heads * head_dim), &Device::Cpu)
    }

    /// All tokens' scores by one batched product a layer: the rows of query heads that share a key head are stacked.
    fn many_tokens(&self, queries: &Tensor, cache: &LayerKv, at: usize) -> Result<Tensor> {
        let (heads, tokens, head_dim) = queries.dims3()?;
        let kv_heads = cache.keys.dims3()?.0;
        let shared = heads / kv_heads;
        let from = self.first_seen(at);
        let seen = at + tokens - from;
        let keys = cache.keys.narrow(1, from, seen)?;
        let values = cache.values.narrow(1, from, seen)?;
        let stacked = queries.reshape((kv_heads, shared * tokens, head_dim))?;
        let scores = stacked.matmul(&keys.transpose(1, 2)?)?;
        let probabilities = if scores.device().is_cpu() {
            self.causal_softmax(&scores, tokens, at, from)?
        } else {
            let mask = self.mask(tokens, at, from, scores.device())?;
            let scores = (scores.reshape((heads, tokens, seen))? * f64::from(self.scale))?;
            nn::softmax_last_dim(&scores.broadcast_add(&mask)?)?
        };
        let probabilities = probabilities.reshape((kv_heads, shared * tokens, seen))?;
        let out = probabilities.matmul(&values)?.reshape((heads, tokens, head_dim))?;
        out.transpose(0, 1)?.reshape((tokens, heads * head_dim))
    }

    /// Softmax of each row over the positions that its token sees; zero elsewhere. Column c is position `from + c`.
    fn causal_softmax(&self, scores: &Tensor, tokens: usize, at: usize, from: usize) -> Result<Tensor> {
        let width = at + tokens - from;
        let mut out = with_values(scores, |scores| Ok(scores.to_vec()))?;
        for_each_chunk(&mut out, width * tokens, |_, rows| {
            for (token, row) in rows.chunks_exact_mut(width).enumerate() {
                let (first, last) = (self.first_seen(at + token) - from, at + token - from);
                row[..first].fill(0.0);
                row[last + 1..].fill(0.0);
                let seen = &mut row[first..=last];
                seen.iter_mut().for_each(|score| *score *= self.scale);
                softmax(seen);
            }
        });
        Tensor::from_vec(out, scores.shape(), &Device::Cpu)
    }

    /// Shape (tokens, positions from `from` on): 0 where a token sees a position, −∞ where not.
    fn mask(&self, tokens: usize, at: usize, from: usize, device: &Device) -> Result<Tensor> {
        let row = |token: usize| {
            let position = at + token;
            let seen = self.first_seen(position)..=position;
            (from..at + tokens).map(move |other| if seen.contains(&other) { 0.0 } else { f32::NEG_INFINITY })
        };
        Tensor::from_iter((0..tokens).flat_map(row), device)?.reshape((tokens, at + tokens - from))
    }
}

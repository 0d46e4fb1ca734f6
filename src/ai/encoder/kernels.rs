//! The encoder's arithmetic between matrix products, for the processor.
//!
//! Plain loops over slices that the compiler vectorises, compiled for each instruction set and chosen at run time by
//! [`pulp`]. The stock operations cost as much as the products on a short query: one allocation and one pass each for
//! bias, residual, norm, mask and transpose, and a scalar `erf`.
//!
//! Every function on the way from a [`WithSimd`] to a loop is `#[inline(always)]`: one that stays a call is compiled for
//! the oldest processor, where a fused multiply-add is a library function and thirty times slower.

use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Below so many values a loop runs on the calling thread: waking another costs more.
const PARALLEL_FROM: usize = 64 * 1024;
/// Query rows of one unit of attention.
const ATTENTION_ROWS: usize = 16;
/// Partial sums of a reduction: as many as the widest registers hold.
const LANES: usize = 16;

/// `x = layer_norm(x + bias + residual)` for rows of `bias.len()`, with the variance over the row as in PyTorch.
pub(super) fn add_norm(
    x: &mut [f32],
    residual: &[f32],
    bias: &[f32],
    scale: &[f32],
    shift: &[f32],
    eps: f32,
) {
    let width = bias.len();
    each_block(x, width, |first, rows| {
        let residual = &residual[first * width..first * width + rows.len()];
        ARCH.dispatch(AddNormRows { rows, residual, bias, scale, shift, eps });
    });
}

/// `x = layer_norm(x)` for rows of `scale.len()`.
pub(super) fn norm(x: &mut [f32], scale: &[f32], shift: &[f32], eps: f32) {
    ARCH.dispatch(NormRows { rows: x, scale, shift, eps });
}

/// `x = gelu(x + bias)` for rows of `bias.len()`: the exact form, `x · Φ(x)`.
pub(super) fn bias_gelu(x: &mut [f32], bias: &[f32]) {
    each_block(x, bias.len(), |_, rows| ARCH.dispatch(GeluRows { rows, bias }));
}

/// Self-attention of sequences laid end to end, each to itself: no padding, no mask.
///
/// `qkv` holds rows `[query | key | value]` of 3 × `width` without their bias, `starts` the first row of each sequence
/// and the number of rows; the result has rows of `width`. The key's bias shifts all scores of a query alike and the
/// softmax takes it out again, so it is not needed; the value's bias passes through, as the weights sum to 1.
pub(super) fn attention(qkv: &[f32], starts: &[usize], heads: usize, bias: &[f32]) -> Vec<f32> {
    let width = bias.len() / 3;
    let keys = transposed_keys(qkv, width);
    let total = starts.last().copied().unwrap_or(0);
    let mut context = vec![0f32; total * width];
    let mut units = Vec::new();
    let mut rest = context.as_mut_slice();
    for span in starts.windows(2) {
        let (start, end) = (span[0], span[1]);
        for first in (start..end).step_by(ATTENTION_ROWS) {
            let (block, after) = rest.split_at_mut(ATTENTION_ROWS.min(end - first) * width);
            rest = after;
            units.push(Attend { qkv, keys: &keys, bias, heads, total, start, end, first, block });
        }
    }
    if units.len() * ATTENTION_ROWS * width < PARALLEL_FROM / 2 {
        units.into_iter().for_each(|unit| ARCH.dispatch(unit));
    } else {
        units.into_par_iter().for_each(|unit| ARCH.dispatch(unit));
    }
    context
}

struct AddNormRows<'a> {
    rows: &'a mut [f32],
    residual: &'a [f32],
    bias: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    eps: f32,
}

impl WithSimd for AddNormRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.bias.len();
        for (row, residual) in self.rows.chunks_exact_mut(width).zip(self.residual.chunks_exact(width)) {
            for ((v, r), b) in row.iter_mut().zip(residual).zip(self.bias) {
                *v += r + b;
            }
            norm_row(row, self.scale, self.shift, self.eps);
        }
    }
}

struct NormRows<'a> {
    rows: &'a mut [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    eps: f32,
}

impl WithSimd for NormRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.scale.len()) {
            norm_row(row, self.scale, self.shift, self.eps);
        }
    }
}

struct GeluRows<'a> {
    rows: &'a mut [f32],
    bias: &'a [f32],
}

impl WithSimd for GeluRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.bias.len()) {
            for (v, b) in row.iter_mut().zip(self.bias) {
                *v = gelu(*v + b);
            }
        }
    }
}

/// Rows `first..` of one sequence `start..end`, as many as `block` holds.
struct Attend<'a> {
    qkv: &'a [f32],
    /// `[width][total]`.
    keys: &'a [f32],
    bias: &'a [f32],
    heads: usize,
    total: usize,
    start: usize,
    end: usize,
    first: usize,
    block: &'a mut [f32],
}

impl WithSimd for Attend<'_> {
    type Output = ();

    /// Four queries at a time, so that each key and value is loaded once for the four.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { qkv, keys, bias, heads, total, start, end, first, block } = self;
        let width = bias.len() / 3;
        let (size, length) = (width / heads, end - start);
        let scale = 1.0 / (size as f32).sqrt();
        let mut scores = vec![0f32; 4 * length];
        // Rounded up to whole fours of columns; what is beyond the head's size stays 0 and weighs nothing.
        let padded = size.next_multiple_of(4);
        let mut queries = vec![0f32; 4 * padded];
        for head in 0..heads {
            let column = head * size;
            for (quad, out) in block.chunks_mut(4 * width).enumerate() {
                let (row, count) = (first + quad * 4, out.len() / width);
                for r in 0..count {
                    let source = &qkv[(row + r) * 3 * width + column..][..size];
                    let query = &mut queries[r * padded..][..size];
                    for ((q, v), b) in query.iter_mut().zip(source).zip(&bias[column..column + size]) {
                        *q = (v + b) * scale;
                    }
                }
                scores.fill(0.0);
                for d in (0..size).step_by(4) {
                    let at = [0, 1, 2, 3].map(|i| (column + (d + i).min(size - 1)) * total + start);
                    let weights = [0, 1, 2, 3].map(|r| four(&queries, r * padded + d));
                    add_scores(&mut scores, length, weights, at.map(|at| &keys[at..at + length]));
                }
                for r in 0..count {
                    let scores = &mut scores[r * length..(r + 1) * length];
                    let inverse = 1.0 / exponentiate(scores);
                    let target = &mut out[r * width + column..][..size];
                    let values = &qkv[start * 3 * width + 2 * width + column..];
                    add_values(target, scores, values, 3 * width);
                    for (t, b) in target.iter_mut().zip(&bias[2 * width + column..]) {
                        *t = t.mul_add(inverse, *b);
                    }
                }
            }
        }
    }
}

/// Adds four columns' share to the scores of four queries: `scores[r][j] += Σ weights[r][i] · keys[i][j]`.
#[inline(always)]
fn add_scores(scores: &mut [f32], length: usize, weights: [[f32; 4]; 4], keys: [&[f32]; 4]) {
    let (s01, s23) = scores.split_at_mut(2 * length);
    let ((s0, s1), (s2, s3)) = (s01.split_at_mut(length), s23.split_at_mut(length));
    let (s2, s3) = (&mut s2[..length], &mut s3[..length]);
    let [k0, k1, k2, k3] = keys.map(|key| &key[..length]);
    for j in 0..length {
        let k = [k0[j], k1[j], k2[j], k3[j]];
        s0[j] = dot4(weights[0], k, s0[j]);
        s1[j] = dot4(weights[1], k, s1[j]);
        s2[j] = dot4(weights[2], k, s2[j]);
        s3[j] = dot4(weights[3], k, s3[j]);
    }
}

/// `target += Σ weights[j] · values[j]`, the rows of `values` being `stride` apart.
#[inline(always)]
fn add_values(target: &mut [f32], weights: &[f32], values: &[f32], stride: usize) {
    let size = target.len();
    let (quads, rest) = weights.as_chunks::<4>();
    let mut at = 0;
    for p in quads {
        let v0 = &values[at..][..size];
        let v1 = &values[at + stride..][..size];
        let v2 = &values[at + 2 * stride..][..size];
        let v3 = &values[at + 3 * stride..][..size];
        for d in 0..size {
            target[d] = dot4(*p, [v0[d], v1[d], v2[d], v3[d]], target[d]);
        }
        at += 4 * stride;
    }
    for p in rest {
        for (t, v) in target.iter_mut().zip(&values[at..][..size]) {
            *t = p.mul_add(*v, *t);
        }
        at += stride;
    }
}

#[inline(always)]
fn four(values: &[f32], at: usize) -> [f32; 4] {
    [values[at], values[at + 1], values[at + 2], values[at + 3]]
}

/// The keys of all rows as `[width][rows]`, so that scores run along memory.
fn transposed_keys(qkv: &[f32], width: usize) -> Vec<f32> {
    let rows = qkv.len() / (3 * width);
    let mut keys = vec![0f32; width * rows];
    let fill = |(column, out): (usize, &mut [f32])| {
        for (row, key) in out.iter_mut().enumerate() {
            *key = qkv[row * 3 * width + width + column];
        }
    };
    if keys.len() < PARALLEL_FROM {
        keys.chunks_exact_mut(rows.max(1)).enumerate().for_each(fill);
    } else {
        keys.par_chunks_exact_mut(rows).enumerate().for_each(fill);
    }
    keys
}

#[inline(always)]
fn dot4(a: [f32; 4], b: [f32; 4], sum: f32) -> f32 {
    a[3].mul_add(b[3], a[2].mul_add(b[2], a[1].mul_add(b[1], a[0].mul_add(b[0], sum))))
}

#[inline(always)]
fn norm_row(row: &mut [f32], scale: &[f32], shift: &[f32], eps: f32) {
    let mean = sum(row) / row.len() as f32;
    for v in &mut *row {
        *v -= mean;
    }
    let variance = sum_of_squares(row) / row.len() as f32;
    let inverse = 1.0 / (variance + eps).sqrt();
    for ((v, g), b) in row.iter_mut().zip(scale).zip(shift) {
        *v = (*v * inverse).mul_add(*g, *b);
    }
}

/// In [`LANES`] partial sums: addition is not associative, so the compiler may not split it itself.
#[inline(always)]
fn sum(values: &[f32]) -> f32 {
    let mut partial = [0f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, v) in partial.iter_mut().zip(chunk) {
            *sum += v;
        }
    }
    partial.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

#[inline(always)]
fn sum_of_squares(values: &[f32]) -> f32 {
    let mut partial = [0f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, v) in partial.iter_mut().zip(chunk) {
            *sum = v.mul_add(*v, *sum);
        }
    }
    partial.iter().sum::<f32>() + rest.iter().map(|v| v * v).sum::<f32>()
}

/// Replaces scores by `exp(score - max)` and returns their sum.
#[inline(always)]
fn exponentiate(scores: &mut [f32]) -> f32 {
    let mut highest = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = scores.as_chunks::<LANES>();
    for chunk in chunks {
        for (high, v) in highest.iter_mut().zip(chunk) {
            *high = high.max(*v);
        }
    }
    let mut top = f32::NEG_INFINITY;
    for v in highest.iter().chain(rest) {
        top = top.max(*v);
    }
    for v in &mut *scores {
        *v = exp(*v - top);
    }
    sum(scores)
}

/// `x · Φ(x)` with `Φ` by Abramowitz & Stegun 7.1.26: off by at most 1.5e-7 · |x|, which is what f32 resolves.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / z.mul_add(0.327_591_1, 1.0);
    let p = t.mul_add(1.061_405_4, -1.453_152);
    let p = t.mul_add(p, 1.421_413_7);
    let p = t.mul_add(p, -0.284_496_74);
    let p = t.mul_add(p, 0.254_829_6) * t;
    let tail = 0.5 * p * exp(-z * z);
    x * if x >= 0.0 { 1.0 - tail } else { tail }
}

/// `e^x` within 2 ulp for -87 ≤ x ≤ 88, clamped outside (Cephes `expf`; the integer part goes straight into the
/// exponent bits, so that the loop around it vectorises).
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding 1.5 · 2²³ leaves the nearest integer in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let rounded = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let p = r.mul_add(1.987_569_1e-4, 1.398_199_9e-3);
    let p = r.mul_add(p, 8.333_452e-3);
    let p = r.mul_add(p, 4.166_579_6e-2);
    let p = r.mul_add(p, 0.166_666_65);
    let p = r.mul_add(p, 0.5);
    let e = (r * r).mul_add(p, r) + 1.0;
    e * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// Calls `f(first row, rows)` over blocks of whole rows, on several threads where there is enough to do.
fn each_block(x: &mut [f32], width: usize, f: impl Fn(usize, &mut [f32]) + Sync) {
    if x.len() < PARALLEL_FROM {
        return f(0, x);
    }
    let rows = (PARALLEL_FROM / 4).div_ceil(width);
    x.par_chunks_mut(rows * width).enumerate().for_each(|(block, x)| f(block * rows, x));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_gelu_are_as_exact_as_f32() {
        for i in -8_000..8_000 {
            let x = i as f32 / 500.0;
            let exact = f64::from(x).exp();
            assert!(((f64::from(exp(x)) - exact) / exact).abs() < 3e-7, "exp({x})");
        }
        // Φ(x) to 15 digits.
        for (x, phi) in [
            (-3.0, 0.001_349_898_031_630),
            (-0.5, 0.308_537_538_725_987),
            (0.0, 0.5),
            (1.7, 0.955_434_537_241_457),
        ] {
            assert!((gelu(x) - (f64::from(x) * phi) as f32).abs() < 1e-6, "gelu({x})");
        }
    }

    #[test]
    fn attention_is_softmax_of_scaled_products() {
        let (heads, size, starts) = (2, 3, [0usize, 5, 7]);
        let width = heads * size;
        let values = |seed: usize, n: usize| -> Vec<f32> {
            (0..n).map(|i| (((i * 37 + seed * 101) % 97) as f32 / 48.5) - 1.0).collect()
        };
        let (qkv, bias) = (values(1, 7 * 3 * width), values(2, 3 * width));
        let context = attention(&qkv, &starts, heads, &bias);
        let at = |row: usize, part: usize, c: usize| {
            qkv[row * 3 * width + part * width + c] + bias[part * width + c]
        };
        for span in starts.windows(2) {
            for row in span[0]..span[1] {
                for c in 0..width {
                    let head = c / size * size..c / size * size + size;
                    let score = |key: usize| -> f32 {
                        head.clone().map(|d| at(row, 0, d) * at(key, 1, d)).sum::<f32>()
                            / (size as f32).sqrt()
                    };
                    let weights: Vec<f32> = (span[0]..span[1]).map(|key| score(key).exp()).collect();
                    let total: f32 = weights.iter().sum();
                    let expected: f32 =
                        weights.iter().zip(span[0]..).map(|(w, key)| w / total * at(key, 2, c)).sum();
                    assert!((context[row * width + c] - expected).abs() < 1e-5, "row {row} column {c}");
                }
            }
        }
    }
}

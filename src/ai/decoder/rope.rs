//! Rotary position embeddings: the frequencies, their scaling for long contexts, and the tables made of them.

use std::f64::consts::PI;

use candle_core::{Device, Result, Tensor};

/// One rotary embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeSpec {
    /// Base of the frequencies: pair i of a head of width d turns by theta^(-2i/d) a position.
    pub theta: f64,
    /// How the frequencies are stretched.
    pub scaling: RopeScaling,
}

/// How a model trained on a short context was stretched to a longer one.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// Every frequency divided by `factor`.
    Linear {
        /// The divisor.
        factor: f64,
    },
    /// Low frequencies divided by `factor`, high ones kept, those between blended (Llama 3.1; `rope_type: llama3` of
    /// transformers' `modeling_rope_utils`).
    Llama3 {
        /// The divisor of the low frequencies.
        factor: f64,
        /// Wavelengths above `original_context / low_freq_factor` are low frequencies.
        low_freq_factor: f64,
        /// Wavelengths below `original_context / high_freq_factor` are high frequencies.
        high_freq_factor: f64,
        /// Context of the first training, tokens.
        original_context: f64,
    },
    /// One divisor for each pair (`rope_freqs.weight` of a GGUF file, where Llama 3.1's scaling is stored).
    Factors(Vec<f32>),
}

impl RopeSpec {
    /// The angle that each pair of a head of width `head_dim` turns by per position: `head_dim / 2` values.
    pub fn frequencies(&self, head_dim: usize) -> Vec<f64> {
        let plain = (0..head_dim / 2).map(|pair| self.theta.powf(-2.0 * pair as f64 / head_dim as f64));
        match &self.scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Linear { factor } => plain.map(|frequency| frequency / factor).collect(),
            RopeScaling::Factors(factors) => {
                plain.zip(factors).map(|(frequency, &factor)| frequency / f64::from(factor)).collect()
            }
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => plain
                .map(|frequency| {
                    let turns = original_context * frequency / (2.0 * PI);
                    let smooth = (turns - low_freq_factor) / (high_freq_factor - low_freq_factor);
                    let keep = smooth.clamp(0.0, 1.0);
                    frequency * (keep + (1.0 - keep) / factor)
                })
                .collect(),
        }
    }
}

/// Cosines and sines for every position up to a limit.
#[derive(Clone, Debug)]
pub struct RopeTable {
    /// Shape (positions, head_dim / 2), f32.
    pub cos: Tensor,
    /// Shape (positions, head_dim / 2), f32.
    pub sin: Tensor,
}

impl RopeTable {
    /// The table for `positions` positions. Angles are computed in f64: at position 30,000 an f32 product is already
    /// off by a thousandth of a turn.
    ///
    /// # Errors
    /// Candle's, when the device is out of memory.
    pub fn new(spec: &RopeSpec, head_dim: usize, positions: usize, device: &Device) -> Result<Self> {
        let frequencies = spec.frequencies(head_dim);
        let angles = || (0..positions).flat_map(|at| frequencies.iter().map(move |f| at as f64 * f));
        let shape = (positions, head_dim / 2);
        Ok(Self {
            cos: Tensor::from_iter(angles().map(|angle| angle.cos() as f32), device)?.reshape(shape)?,
            sin: Tensor::from_iter(angles().map(|angle| angle.sin() as f32), device)?.reshape(shape)?,
        })
    }
}

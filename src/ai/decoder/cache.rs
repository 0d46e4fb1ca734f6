//! Keys and values of the tokens that a sequence has seen.

use candle_core::{DType, Device, Result, Tensor};

use super::DecoderConfig;

/// One sequence's keys and values, one pair of tensors a layer, allocated once for `capacity` tokens.
///
/// Only `len` tokens are valid: truncating is setting it, and what lies behind is overwritten by the next tokens. On
/// the CPU the memory is zero pages until it is written, so a long capacity costs nothing before it is used.
pub struct KvCache {
    layers: Vec<LayerKv>,
    len: usize,
    capacity: usize,
}

/// Keys and values of one layer, both of shape (kv_heads, capacity, head_dim), f32: a head's rows lie together, as
/// the scan over the past wants them, and query heads that share a key head read the same rows.
pub(super) struct LayerKv {
    pub(super) keys: Tensor,
    pub(super) values: Tensor,
}

impl KvCache {
    /// An empty cache for up to `capacity` tokens.
    ///
    /// # Errors
    /// Candle's, when the device is out of memory.
    pub fn new(config: &DecoderConfig, capacity: usize, device: &Device) -> Result<Self> {
        let shape = (config.kv_heads, capacity, config.head_dim);
        let zeros = || Tensor::zeros(shape, DType::F32, device);
        let layer = |_: &_| Ok(LayerKv { keys: zeros()?, values: zeros()? });
        Ok(Self { layers: config.layers.iter().map(layer).collect::<Result<_>>()?, len: 0, capacity })
    }

    /// Tokens held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no token is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Tokens that fit.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forgets all tokens after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub(super) fn layer(&self, index: usize) -> &LayerKv {
        &self.layers[index]
    }

    /// The tokens written by [`LayerKv::write`] at `len` become part of the sequence.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.len += tokens;
    }
}

impl LayerKv {
    /// Stores `keys` and `values`, shape (kv_heads, tokens, head_dim), from position `at` on.
    pub(super) fn write(&self, keys: &Tensor, values: &Tensor, at: usize) -> Result<()> {
        self.keys.slice_set(keys, 1, at)?;
        self.values.slice_set(values, 1, at)
    }
}

//! The decoder itself: tokens in, logits out.

use std::ops::Range;

use candle_core::{Device, Result, Tensor};

use super::cache::KvCache;
use super::config::{DecoderConfig, LayerSpec};
use super::linear::{Embedding, Linear};
use super::ops::{Attention, HeadTransform, RmsNorm, gated, split_heads};
use super::rope::RopeTable;

/// A decoder-only language model.
pub struct Decoder {
    pub(super) config: DecoderConfig,
    pub(super) device: Device,
    pub(super) embedding: Embedding,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: RmsNorm,
    /// Hidden width to vocabulary.
    pub(super) head: Linear,
    /// As [`DecoderConfig::ropes`], up to `positions`.
    pub(super) ropes: Vec<RopeTable>,
    pub(super) positions: usize,
}

/// One block: attention, then the gated feed-forward, each added to the residual stream.
pub(super) struct Layer {
    pub(super) spec: LayerSpec,
    pub(super) attention_norm: RmsNorm,
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) query_norm: Option<RmsNorm>,
    pub(super) key_norm: Option<RmsNorm>,
    pub(super) attention_post_norm: Option<RmsNorm>,
    pub(super) feed_forward_norm: RmsNorm,
    pub(super) gate: Linear,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) feed_forward_post_norm: Option<RmsNorm>,
}

impl Decoder {
    /// The model's description.
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Longest sequence that its tables are made for.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// An empty cache for one sequence of up to [`Self::positions`] tokens.
    ///
    /// # Errors
    /// Candle's, when the device is out of memory.
    pub fn new_cache(&self) -> Result<KvCache> {
        KvCache::new(&self.config, self.positions, &self.device)
    }

    /// Appends `ids` to the sequence in `cache` and returns the logits of the tokens `rows` of `ids`, shape
    /// (rows, vocabulary), f32; an empty range computes none and returns `None`. After an error the cache holds the
    /// tokens that it held before.
    ///
    /// # Errors
    /// When the tokens do not fit the cache, an id is not in the vocabulary, or candle fails.
    pub fn forward(&self, cache: &mut KvCache, ids: &[u32], rows: Range<usize>) -> Result<Option<Tensor>> {
        let at = cache.len();
        if ids.is_empty() || at + ids.len() > cache.capacity().min(self.positions) {
            candle_core::bail!("{} tokens after {at} do not fit {}", ids.len(), cache.capacity());
        }
        let hidden = self.embedding.forward(&Tensor::new(ids, &self.device)?)?;
        let mut hidden = match self.config.embedding_scale {
            1.0 => hidden,
            scale => (hidden * f64::from(scale))?,
        };
        for (index, layer) in self.layers.iter().enumerate() {
            hidden = layer.forward(self, &hidden, cache, index)?;
        }
        cache.advance(ids.len());
        if rows.is_empty() {
            return Ok(None);
        }
        let chosen = hidden.narrow(0, rows.start, rows.len())?;
        self.head.forward(&self.norm.forward(&chosen)?).map(Some)
    }
}

impl Layer {
    fn forward(&self, model: &Decoder, hidden: &Tensor, cache: &KvCache, index: usize) -> Result<Tensor> {
        let attended = self.attend(model, &self.attention_norm.forward(hidden)?, cache, index)?;
        let hidden = (hidden + post(&self.attention_post_norm, attended)?)?;
        let normed = self.feed_forward_norm.forward(&hidden)?;
        let [gate, up] = Linear::forward_shared([&self.gate, &self.up], &normed)?;
        let fed = self.down.forward(&gated(model.config.activation, &gate, &up)?)?;
        hidden + post(&self.feed_forward_post_norm, fed)?
    }

    fn attend(&self, model: &Decoder, normed: &Tensor, cache: &KvCache, index: usize) -> Result<Tensor> {
        let config = &model.config;
        let at = cache.len();
        let rope = &model.ropes[self.spec.rope];
        let [query, key, value] = Linear::forward_shared([&self.query, &self.key, &self.value], normed)?;
        let transform = |heads, norm| HeadTransform { heads, norm, rope };
        let query = transform(config.heads, self.query_norm.as_ref()).forward(&query, at)?;
        let key = transform(config.kv_heads, self.key_norm.as_ref()).forward(&key, at)?;
        let cache = cache.layer(index);
        cache.write(&key, &split_heads(&value, config.kv_heads)?, at)?;
        let attention = Attention { scale: config.attention_scale, window: self.spec.window };
        self.output.forward(&attention.forward(&query, cache, at)?)
    }
}

fn post(norm: &Option<RmsNorm>, x: Tensor) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(&x),
        None => Ok(x),
    }
}

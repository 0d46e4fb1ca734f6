//! Sequences kept from one request to the next, so that what prompts have in common is computed once.

use super::cache::KvCache;
use super::model::Decoder;
use crate::ai::AiError;

/// A few sequences with their caches. Requests that begin alike (the same instructions) meet again in the same one.
///
/// Prompts are computed in chunks that begin at multiples of `chunk`, and only whole chunks are reused: then a prompt
/// goes through the very same operations whether its beginning was known or not, and the same question gets the same
/// answer to the last bit. (A product of many rows rounds otherwise than the products of its rows.)
pub(super) struct PrefixCache {
    slots: Vec<Slot>,
    limit: usize,
    chunk: usize,
    clock: u64,
}

/// A sequence.
pub(super) struct Slot {
    /// The prompt whose keys and values are the first in `cache`; what was written after it is not reused.
    prompt: Vec<u32>,
    pub(super) cache: KvCache,
    used: u64,
}

impl PrefixCache {
    /// Room for `limit` sequences, at least one; each is allocated when it is first needed.
    pub(super) fn new(limit: usize, chunk: usize) -> Self {
        Self { slots: Vec::new(), limit: limit.max(1), chunk: chunk.max(1), clock: 0 }
    }

    /// Computes the logits of the last of `ids`, in the sequence that shares most with it or else in the one that was
    /// not used for longest. Also returns how many tokens were known. `cancelled` is asked before each chunk; what was
    /// finished by then stays.
    pub(super) fn prompt(
        &mut self,
        decoder: &Decoder,
        ids: &[u32],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Prompted<'_>, AiError> {
        let chunk_size = self.chunk;
        let (slot, reused) = self.take(decoder, ids)?;
        let mut logits = None;
        for chunk in ids[reused..].chunks(chunk_size) {
            if cancelled() {
                return Err(AiError::Cancelled);
            }
            let is_last = slot.prompt.len() + chunk.len() == ids.len();
            let rows = if is_last { chunk.len() - 1..chunk.len() } else { 0..0 };
            logits = decoder.forward(&mut slot.cache, chunk, rows)?;
            slot.prompt.extend_from_slice(chunk);
        }
        let logits = logits.ok_or_else(|| AiError::Inference("the prompt is empty".to_owned()))?;
        Ok(Prompted { cache: &mut slot.cache, logits: logits.squeeze(0)?.to_vec1()?, reused })
    }

    fn take(&mut self, decoder: &Decoder, ids: &[u32]) -> Result<(&mut Slot, usize), AiError> {
        self.clock += 1;
        // The last token's logits are wanted, so its chunk is always computed.
        let wanted = &ids[..ids.len().saturating_sub(1)];
        let shared = |slot: &Slot| {
            let alike = slot.prompt.iter().zip(wanted).take_while(|(a, b)| a == b).count();
            alike - alike % self.chunk
        };
        let best = self.slots.iter().map(shared).enumerate().max_by_key(|(_, shared)| *shared);
        let (index, reused) = match best {
            Some((index, shared)) if shared > 0 => (index, shared),
            _ if self.slots.len() < self.limit => {
                self.slots.push(Slot { prompt: Vec::new(), cache: decoder.new_cache()?, used: 0 });
                (self.slots.len() - 1, 0)
            }
            _ => {
                let oldest = (0..self.slots.len()).min_by_key(|&index| self.slots[index].used);
                (oldest.unwrap_or_default(), 0)
            }
        };
        let slot = &mut self.slots[index];
        slot.used = self.clock;
        slot.prompt.truncate(reused);
        slot.cache.truncate(reused);
        Ok((slot, reused))
    }
}

/// A prompt that was computed.
pub(super) struct Prompted<'a> {
    /// Holds the prompt; what is appended to it is forgotten with the next prompt.
    pub(super) cache: &'a mut KvCache,
    /// Of the prompt's last token, for the whole vocabulary.
    pub(super) logits: Vec<f32>,
    /// Tokens that were known from an earlier prompt.
    pub(super) reused: usize,
}

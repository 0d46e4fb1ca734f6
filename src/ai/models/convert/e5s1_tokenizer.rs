//! The tokenizer inside an E5S1 file, as a `tokenizer.json`: XLM-RoBERTa's Unigram pieces.
//!
//! ```text
//! 5 × i32: pieces, bos, eos, pad, unk; u64 blob length; u32 offsets (pieces + 1); f32 scores; the UTF-8 blob
//! i32 code points, u32 byte length of the map; each: u32 code point, u8 n, n × u32: what the normalizer makes of it
//! ```

use std::fmt::Write;

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::e5s1::Reader;

/// Pieces and what is done to a text before it is cut into them.
pub(super) struct E5s1Tokenizer {
    pieces: Vec<(String, f32)>,
    bos: usize,
    eos: usize,
    pub pad: usize,
    unknown: usize,
    /// Code points that disappear.
    dropped: Vec<u32>,
    /// Code points that become a space, beyond those that NFKC makes one.
    spaces: Vec<u32>,
}

/// Reads the tokenizer's part of the file.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<E5s1Tokenizer> {
    let [count, bos, eos, pad, unknown] = reader.sizes()?;
    let blob_length = usize::try_from(reader.u64()?).ok()?;
    let offsets: Vec<usize> = words(reader, count.checked_add(1)?)?.map(|offset| offset as usize).collect();
    let scores: Vec<f32> = words(reader, count)?.map(f32::from_bits).collect();
    let blob = reader.bytes(blob_length)?;
    let pieces = offsets.windows(2).zip(scores).map(|(span, score)| {
        let piece = std::str::from_utf8(blob.get(span[0]..span[1])?).ok()?;
        Some((piece.to_owned(), score))
    });
    let pieces = pieces.collect::<Option<Vec<_>>>()?;

    let (mut dropped, mut spaces) = (Vec::new(), Vec::new());
    let count = reader.size()?;
    let length = reader.size()?;
    let mut map = Reader::over(reader.bytes(length)?);
    for _ in 0..count {
        let from = map.u32()?;
        let into: Vec<u32> = (0..map.u8()?).map(|_| map.u32()).collect::<Option<_>>()?;
        let composed = char::from_u32(from)?.nfkc();
        match into.as_slice() {
            [] => dropped.push(from),
            [0x20] if !composed.eq([' ']) => spaces.push(from),
            _ => {}
        }
    }
    let special = [bos, eos, pad, unknown];
    special.iter().all(|id| *id < pieces.len()).then_some(())?;
    Some(E5s1Tokenizer { pieces, bos, eos, pad, unknown, dropped, spaces })
}

fn words<'a>(reader: &mut Reader<'a>, count: usize) -> Option<impl Iterator<Item = u32> + use<'a>> {
    let bytes = reader.bytes(count.checked_mul(4)?)?;
    Some(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)))
}

impl E5s1Tokenizer {
    /// As the tokenizers library reads it.
    pub fn to_json(&self) -> Value {
        let piece = |id: usize| &self.pieces[id].0;
        let mask = self.pieces.iter().rposition(|(piece, _)| piece == "<mask>");
        let mut special = vec![self.bos, self.eos, self.pad, self.unknown];
        special.extend(mask);
        special.sort_unstable();
        let added: Vec<Value> = special
            .iter()
            .map(|id| {
                json!({ "id": id, "content": piece(*id), "special": true, "normalized": false,
                        "single_word": false, "lstrip": Some(*id) == mask, "rstrip": false })
            })
            .collect();
        let token = |id: usize| json!({ "SpecialToken": { "id": piece(id), "type_id": 0 } });
        let text = |name: &str| json!({ "Sequence": { "id": name, "type_id": 0 } });
        let entry = |id: usize| json!({ "id": piece(id), "ids": [id], "tokens": [piece(id)] });
        let (bos, eos) = (token(self.bos), token(self.eos));
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added,
            "normalizer": { "type": "Sequence", "normalizers": [
                replace(&class(&self.dropped), ""),
                replace(&class(&self.spaces), " "),
                { "type": "NFKC" },
                replace(" {2,}", " "),
                { "type": "Strip", "strip_left": true, "strip_right": true },
            ]},
            "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [bos, text("A"), eos],
                "pair": [bos, text("A"), eos, eos, text("B"), eos],
                "special_tokens": { (piece(self.bos).as_str()): entry(self.bos), (piece(self.eos).as_str()): entry(self.eos) },
            },
            "decoder": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
            "model": { "type": "Unigram", "unk_id": self.unknown, "byte_fallback": false, "vocab": self.pieces },
        })
    }
}

fn replace(pattern: &str, content: &str) -> Value {
    json!({ "type": "Replace", "pattern": { "Regex": pattern }, "content": content })
}

/// A character class of these code points.
fn class(code_points: &[u32]) -> String {
    code_points.iter().fold("[".to_owned(), |mut class, code_point| {
        // Writing to a string cannot fail.
        let _ = write!(class, "\\x{{{code_point:x}}}");
        class
    }) + "]"
}

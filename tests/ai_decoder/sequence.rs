//! One sequence, however it is computed: at once, in chunks, token by token, after going back.

use candle_core::quantized::GgmlDType;
use satubumi::ai::decoder::{Decoder, KvCache};

use crate::tiny::{NAMES, all_logits, dense, distance, gguf, tiny, tokens};

const SAME: f32 = 2e-5;

fn step(decoder: &Decoder, cache: &mut KvCache, ids: &[u32]) -> Vec<f32> {
    let last = ids.len() - 1;
    let logits = decoder.forward(cache, ids, last..last + 1).unwrap().unwrap();
    logits.squeeze(0).unwrap().to_vec1().unwrap()
}

fn assert_same(what: &str, ours: &[f32], expected: &[f32]) {
    let distance = distance(ours, expected);
    assert!(distance < SAME, "{what}: {distance}");
}

#[test]
fn token_by_token_equals_at_once() {
    for name in NAMES {
        let decoder = dense(&tiny(name));
        let expected = all_logits(&decoder, &tokens(40));
        let mut cache = decoder.new_cache().unwrap();
        for (index, id) in tokens(40).iter().enumerate() {
            assert_same(
                &format!("{name} token {index}"),
                &step(&decoder, &mut cache, &[*id]),
                &expected[index],
            );
        }
    }
}

#[test]
fn chunks_of_any_size_equal_at_once() {
    for name in NAMES {
        let decoder = dense(&tiny(name));
        let expected = all_logits(&decoder, &tokens(40));
        for size in [3, 7, 16] {
            let mut cache = decoder.new_cache().unwrap();
            let mut end = 0;
            for chunk in tokens(40).chunks(size) {
                end += chunk.len();
                assert_same(
                    &format!("{name} by {size}"),
                    &step(&decoder, &mut cache, chunk),
                    &expected[end - 1],
                );
            }
        }
    }
}

/// A quantized product depends on its own row only, so few rows and many give the same.
#[test]
fn quantized_chunks_equal_at_once() {
    let tiny = tiny("qwen2").with(&[("hidden_size", 256), ("intermediate_size", 512)]);
    for dtype in [GgmlDType::Q4K, GgmlDType::Q6K, GgmlDType::Q8_0] {
        let decoder = gguf(&tiny, dtype);
        let expected = all_logits(&decoder, &tokens(40));
        let mut cache = decoder.new_cache().unwrap();
        step(&decoder, &mut cache, &tokens(40)[..33]);
        for (index, id) in tokens(40).iter().enumerate().skip(33) {
            let logits = step(&decoder, &mut cache, &[*id]);
            let distance = distance(&logits, &expected[index]);
            assert!(distance < 1e-3, "{dtype:?} token {index}: {distance}");
        }
    }
}

#[test]
fn going_back_equals_never_having_gone_there() {
    for name in NAMES {
        let decoder = dense(&tiny(name));
        let mut cache = decoder.new_cache().unwrap();
        step(&decoder, &mut cache, &tokens(40));
        cache.truncate(13);
        let other = [5, 9, 80, 2];
        let again = step(&decoder, &mut cache, &other);
        let whole: Vec<u32> = tokens(13).into_iter().chain(other).collect();
        assert_eq!(cache.len(), 17);
        assert_same(name, &again, &all_logits(&decoder, &whole)[16]);
    }
}

#[test]
fn chosen_rows_are_those_of_all() {
    let decoder = dense(&tiny("llama"));
    let expected = all_logits(&decoder, &tokens(12));
    let mut cache = decoder.new_cache().unwrap();
    let rows = decoder.forward(&mut cache, &tokens(12), 4..7).unwrap().unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(rows.len(), 3);
    for (ours, expected) in rows.iter().zip(&expected[4..7]) {
        assert_same("row", ours, expected);
    }
    assert!(decoder.forward(&mut cache, &[1], 0..0).unwrap().is_none());
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let decoder = dense(&tiny("qwen2"));
    let mut cache = decoder.new_cache().unwrap();
    step(&decoder, &mut cache, &tokens(500));
    assert!(decoder.forward(&mut cache, &tokens(13), 0..1).is_err());
    assert!(decoder.forward(&mut cache, &[], 0..0).is_err());
    assert!(decoder.forward(&mut cache, &[4000], 0..1).is_err(), "an id beyond the vocabulary");
    assert_eq!(cache.len(), 500);
    let expected = step(&decoder, &mut cache, &tokens(12));
    cache.truncate(500);
    assert_same("after the refusals", &step(&decoder, &mut cache, &tokens(12)), &expected);
}

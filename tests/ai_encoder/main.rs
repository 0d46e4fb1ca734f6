//! Encoders against references: Hugging Face transformers' recorded numbers, Candle's stock models, and the real
//! multilingual-e5-small.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real;
mod tiny;

use std::path::Path;

use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{bert, xlm_roberta};
use satubumi::ai::{AiError, Embedder, PassageText, Pooling, Reader, Reranker, UNREAD};
use serde_json::Value;
use tempfile::tempdir;
use tiny::{
    Family, adapter, embedder_options, halved, reader_options, reranker_options, reranker_weights, text,
    weights, write_folder,
};

/// How far apart f32 results may be.
const TOLERANCE: f32 = 1e-4;

fn reference() -> Value {
    serde_json::from_str(include_str!("../reference/encoders.json")).unwrap()
}

fn numbers<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    vector.iter().map(|v| v / length).collect()
}

fn assert_close(ours: &[f32], expected: &[f32], what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let apart = ours.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
    assert!(apart <= TOLERANCE, "{what}: {apart} apart\n ours {ours:?}\n expected {expected:?}");
}

async fn embed(folder: &Path, pooling: Pooling, texts: Vec<String>) -> Vec<Vec<f32>> {
    let embedder = Embedder::local(embedder_options(folder, pooling)).await.unwrap();
    embedder.embed_passages(texts).await.unwrap()
}

/// Texts of mixed lengths, more tokens than one pass takes, of the tiny vocabulary.
fn many_texts() -> Vec<Vec<u32>> {
    (0..90u32).map(|i| (0..1 + i * 7 % 20).map(|j| 4 + (i * 13 + j * 5) % 36).collect()).collect()
}

#[tokio::test]
async fn embeddings_equal_the_reference() {
    let reference = reference();
    let texts: Vec<Vec<u32>> = numbers(&reference["texts"]);
    for family in [Family::Bert, Family::XlmRoberta] {
        let folder = tempdir().unwrap();
        write_folder(folder.path(), family, &weights(family, ""));
        for (pooling, key) in [(Pooling::Mean, "mean"), (Pooling::Cls, "cls")] {
            let expected: Vec<Vec<f32>> = numbers(&reference[family.name()][key]);
            let ours = embed(folder.path(), pooling, texts.iter().map(|ids| text(ids)).collect()).await;
            for ((ours, expected), ids) in ours.iter().zip(&expected).zip(&texts) {
                assert_close(ours, &unit(expected), &format!("{family:?} {pooling:?} {ids:?}"));
            }
        }
    }
}

#[tokio::test]
async fn rerank_scores_equal_the_reference() {
    let reference = reference();
    let query: Vec<u32> = numbers(&reference["query"]);
    let passages: Vec<Vec<u32>> = numbers(&reference["passages"]);
    for family in [Family::Bert, Family::XlmRoberta] {
        let folder = tempdir().unwrap();
        write_folder(folder.path(), family, &reranker_weights(family));
        let reranker = Reranker::local(reranker_options(folder.path())).await.unwrap();
        let scores =
            reranker.score(&text(&query), passages.iter().map(|ids| text(ids)).collect()).await.unwrap();
        let expected: Vec<f32> = numbers(&reference[format!("{}_logits", family.name())]);
        assert_close(&scores, &expected, &format!("{family:?}"));
    }
}

#[tokio::test]
async fn readings_equal_the_reference_and_lines_beyond_the_length_are_unread() {
    let reference = reference();
    let query: Vec<u32> = numbers(&reference["query"]);
    let lines: Vec<Vec<u32>> = numbers(&reference["lines"]);
    let passage = PassageText {
        path: text(&numbers::<Vec<u32>>(&reference["path"])),
        lines: lines.iter().map(|ids| text(ids)).collect(),
    };
    let mut long = passage.clone();
    long.lines.extend((0..8).map(|_| text(&[4, 5, 6])));
    for family in [Family::Bert, Family::XlmRoberta] {
        let folder = tempdir().unwrap();
        write_folder(folder.path(), family, &weights(family, ""));
        let reader = Reader::local(reader_options(folder.path(), adapter("1"))).await.unwrap();
        let readings = reader.read(&text(&query), vec![passage.clone(), long.clone()]).await.unwrap();
        let expected = &reference[format!("{}_reading", family.name())];
        assert_close(&readings[0].lines, &numbers::<Vec<f32>>(&expected["lines"]), &format!("{family:?}"));
        assert_close(&[readings[0].answers], &[numbers(&expected["answers"])], &format!("{family:?}"));
        assert_eq!(readings[1].lines.len(), long.lines.len());
        assert!(readings[1].lines[3] > UNREAD && readings[1].lines.last() == Some(&UNREAD));
    }
}

#[tokio::test]
async fn an_adapter_of_other_weights_or_shapes_is_refused() {
    let folder = tempdir().unwrap();
    write_folder(folder.path(), Family::Bert, &weights(Family::Bert, ""));
    let mut narrower = adapter("1");
    let at = narrower.windows(6).position(|bytes| bytes == b"[3,32]").unwrap();
    narrower[at..at + 6].copy_from_slice(b"[6,16]");
    for (bytes, told) in [
        (adapter("2"), "trained on weights 2, these are 1"),
        (b"no adapter".to_vec(), "adapter"),
        (narrower, "of another shape"),
    ] {
        let refused = Reader::local(reader_options(folder.path(), bytes)).await;
        let message = refused.map(|_| ()).unwrap_err().to_string();
        assert!(message.contains(told), "{message}");
    }
}

#[tokio::test]
async fn batches_of_mixed_lengths_equal_the_stock_models_and_single_runs() {
    for family in [Family::Bert, Family::XlmRoberta] {
        let folder = tempdir().unwrap();
        let tensors = weights(family, "");
        write_folder(folder.path(), family, &tensors);
        let embedder = Embedder::local(embedder_options(folder.path(), Pooling::Mean)).await.unwrap();
        let ids = many_texts();
        let together = embedder.embed_passages(ids.iter().map(|ids| text(ids)).collect()).await.unwrap();
        for (ids, ours) in ids.iter().zip(&together) {
            let alone = embedder.embed_query(&text(ids)).await.unwrap();
            assert_close(ours, &alone, "in a batch and alone");
            assert_close(ours, &unit(&stock_mean(family, &tensors, ids)), &format!("{family:?} {ids:?}"));
        }
    }
}

/// The mean state by Candle's own implementation, before normalisation.
fn stock_mean(family: Family, tensors: &std::collections::HashMap<String, Tensor>, ids: &[u32]) -> Vec<f32> {
    let vb = VarBuilder::from_tensors(tensors.clone(), candle_core::DType::F32, &Device::Cpu);
    let ids: Vec<u32> = [&[0], ids, &[2]].concat();
    let ids = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let (types, mask) = (ids.zeros_like().unwrap(), ids.ones_like().unwrap());
    let states = match family {
        Family::Bert => {
            let config: bert::Config = serde_json::from_value(family.config()).unwrap();
            bert::BertModel::load(vb, &config).unwrap().forward(&ids, &types, Some(&mask)).unwrap()
        }
        Family::XlmRoberta => {
            let config: xlm_roberta::Config = serde_json::from_value(family.config()).unwrap();
            let model = xlm_roberta::XLMRobertaModel::new(&config, vb).unwrap();
            model.forward(&ids, &mask, &types, None, None, None).unwrap()
        }
    };
    states.squeeze(0).unwrap().mean(0).unwrap().to_vec1().unwrap()
}

#[tokio::test]
async fn shards_prefixes_and_half_weights_load() {
    let whole = tempdir().unwrap();
    write_folder(whole.path(), Family::XlmRoberta, &weights(Family::XlmRoberta, ""));
    let texts: Vec<String> = many_texts().iter().take(5).map(|ids| text(ids)).collect();
    let expected = embed(whole.path(), Pooling::Cls, texts.clone()).await;

    let sharded = tempdir().unwrap();
    let tensors = weights(Family::XlmRoberta, "");
    write_folder(sharded.path(), Family::XlmRoberta, &tensors);
    std::fs::remove_file(sharded.path().join("model.safetensors")).unwrap();
    let mut shards = [std::collections::HashMap::new(), std::collections::HashMap::new()];
    let mut map = serde_json::Map::new();
    for (index, (name, tensor)) in tensors.iter().enumerate() {
        let shard = index % 2;
        map.insert(name.clone(), format!("part-{shard}.safetensors").into());
        shards[shard].insert(name.clone(), tensor.clone());
    }
    for (index, shard) in shards.iter().enumerate() {
        candle_core::safetensors::save(shard, sharded.path().join(format!("part-{index}.safetensors")))
            .unwrap();
    }
    let index = serde_json::json!({ "weight_map": map }).to_string();
    std::fs::write(sharded.path().join("model.safetensors.index.json"), index).unwrap();
    assert_eq!(embed(sharded.path(), Pooling::Cls, texts.clone()).await, expected);

    let prefixed = tempdir().unwrap();
    let renamed = tensors.iter().map(|(name, tensor)| (format!("roberta.{name}"), tensor.clone())).collect();
    write_folder(prefixed.path(), Family::XlmRoberta, &renamed);
    assert_eq!(embed(prefixed.path(), Pooling::Cls, texts.clone()).await, expected);

    let half = tempdir().unwrap();
    write_folder(half.path(), Family::XlmRoberta, &halved(&tensors));
    for (ours, expected) in embed(half.path(), Pooling::Cls, texts).await.iter().zip(&expected) {
        let cosine: f32 = ours.iter().zip(expected).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9999, "{cosine}");
    }
}

#[tokio::test]
async fn prefixes_are_written_before_texts_and_long_texts_are_cut_off() {
    let folder = tempdir().unwrap();
    write_folder(folder.path(), Family::Bert, &weights(Family::Bert, ""));
    let mut options = embedder_options(folder.path(), Pooling::Mean);
    (options.query_prefix, options.passage_prefix) = ("w7 ".into(), "w8 w9 ".into());
    options.max_tokens = 6;
    let prefixed = Embedder::local(options).await.unwrap();
    let plain = embed(
        folder.path(),
        Pooling::Mean,
        vec!["w7 w20".into(), "w8 w9 w20".into(), "w8 w9 w20 w21".into()],
    )
    .await;
    assert_close(&prefixed.embed_query("w20").await.unwrap(), &plain[0], "query");
    let passages =
        prefixed.embed_passages(vec!["w20".into(), "w20 w21 w22 w23 w24 w25 w26".into()]).await.unwrap();
    assert_close(&passages[0], &plain[1], "passage");
    assert_close(&passages[1], &plain[2], "cut off at six tokens, the special ones included");
    assert_eq!(prefixed.identity().dimensions, tiny::HIDDEN);
}

#[tokio::test]
async fn beyond_the_position_table_texts_and_pairs_are_cut_off() {
    let folder = tempdir().unwrap();
    write_folder(folder.path(), Family::XlmRoberta, &reranker_weights(Family::XlmRoberta));
    let long = vec![text(&[12; 300]), text(&[12; 300]) + " w13", String::new()];
    let vectors = embed(folder.path(), Pooling::Mean, long.clone()).await;
    assert_close(&vectors[0], &vectors[1], "what is cut off does not count");
    let reranker = Reranker::local(reranker_options(folder.path())).await.unwrap();
    let scores = reranker.score(&text(&[5; 100]), long).await.unwrap();
    assert_close(&scores[..1], &scores[1..2], "what is cut off does not count");
    assert!(scores[2].is_finite());
}

#[tokio::test]
async fn folders_that_cannot_run_are_refused_with_their_reason() {
    let reason = |change: fn(&Path)| async move {
        let folder = tempdir().unwrap();
        write_folder(folder.path(), Family::Bert, &weights(Family::Bert, ""));
        change(folder.path());
        match Embedder::local(embedder_options(folder.path(), Pooling::Mean)).await {
            Err(AiError::Load { detail, .. }) => detail,
            Err(other) => panic!("not a load error: {other}"),
            Ok(_) => panic!("it loaded"),
        }
    };
    let detail = reason(|folder| std::fs::remove_file(folder.join("tokenizer.json")).unwrap()).await;
    assert!(detail.contains("No such file"), "{detail}");
    let detail = reason(|folder| {
        change_config(folder, "\"model_type\":\"bert\"", "\"model_type\":\"gpt2\"");
    });
    assert!(detail.await.contains("gpt2 is not an encoder"));
    let detail = reason(|folder| {
        let mut tensors = weights(Family::Bert, "");
        tensors.remove("encoder.layer.1.output.dense.bias");
        candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
    });
    assert!(detail.await.contains("encoder.layer.1.output.dense.bias is missing"));
    let detail = reason(|folder| {
        let path = folder.join("model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1_000]).unwrap();
    });
    assert!(!detail.await.is_empty());
    let detail = reason(|folder| {
        change_config(folder, "\"hidden_size\":32", "\"hidden_size\":64");
    });
    assert!(detail.await.contains("has shape"));
}

fn change_config(folder: &Path, from: &str, to: &str) {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
}

//! How long a question and passages take in the real embedder, and in Candle's stock model on the same weights.
//!
//! `SATUBUMI_MODELS_DIR` names the folder of fetched models (default `./models`). The stock model runs on
//! `RAYON_NUM_THREADS` threads (default: all cores), ours on the threads in its name.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use satubumi::ai::models::{InstalledProfile, Models, ModelsOptions};
use satubumi::ai::{ComputeOptions, DeviceChoice, Embedder};
use tokenizers::Tokenizer;

const QUESTION: &str = "Kak, hari Sabtu poli buka sampai jam berapa ya?";
const PASSAGE: &str = "Poliklinik Rumah Sakit buka setiap hari Senin sampai Jumat pukul 08.00 sampai 20.00 dan hari Sabtu \
                       pukul 08.00 sampai 13.00. Pada hari Minggu dan hari libur nasional poliklinik tutup. ";

fn profile() -> InstalledProfile {
    let dir = std::env::var_os("SATUBUMI_MODELS_DIR").map_or_else(|| PathBuf::from("models"), PathBuf::from);
    let installed = Models::open(ModelsOptions::new(dir)).and_then(|models| models.installed("tiny"));
    installed.unwrap_or_else(|error| panic!("{error}"))
}

fn passages() -> Vec<String> {
    (0..16).map(|n| format!("{n}. {}", PASSAGE.repeat(3))).collect()
}

fn ours(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let profile = profile();
    for threads in [1, 2] {
        let compute = ComputeOptions { device: DeviceChoice::Cpu, threads };
        let embedder = runtime.block_on(Embedder::local(profile.embedder_options(compute, 8))).unwrap();
        c.bench_with_input(BenchmarkId::new("question", threads), &embedder, |b, embedder| {
            b.iter(|| black_box(runtime.block_on(embedder.embed_query(QUESTION)).unwrap()));
        });
        let mut group = c.benchmark_group("passages");
        group.throughput(Throughput::Elements(16)).sample_size(10);
        group.bench_with_input(BenchmarkId::new("16", threads), &embedder, |b, embedder| {
            b.iter(|| black_box(runtime.block_on(embedder.embed_passages(passages())).unwrap()));
        });
        group.finish();
    }
}

fn stock(c: &mut Criterion) {
    let profile = profile();
    let read = |name: &str| std::fs::read(profile.embedder.folder.join(name)).unwrap();
    let config: Config = serde_json::from_slice(&read("config.json")).unwrap();
    let vb =
        VarBuilder::from_buffered_safetensors(read("model.safetensors"), DType::F32, &Device::Cpu).unwrap();
    let model = BertModel::load(vb, &config).unwrap();
    let tokenizer = Tokenizer::from_file(profile.embedder.folder.join("tokenizer.json")).unwrap();
    let forward = |texts: &[String]| {
        let ids: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| tokenizer.encode(text.as_str(), true).unwrap().get_ids().to_vec())
            .collect();
        let longest = ids.iter().map(Vec::len).max().unwrap();
        let padded = ids.iter().map(|ids| [ids.as_slice(), &vec![1; longest - ids.len()]].concat());
        let ids = Tensor::new(padded.collect::<Vec<_>>(), &Device::Cpu).unwrap();
        let mask = ids.ne(1u32).unwrap().to_dtype(DType::U32).unwrap();
        let states = model.forward(&ids, &ids.zeros_like().unwrap(), Some(&mask)).unwrap();
        states.mean(1).unwrap().to_vec2::<f32>().unwrap()
    };
    let question = [format!("query: {QUESTION}")];
    c.bench_function("question/stock", |b| b.iter(|| black_box(forward(&question))));
    let mut group = c.benchmark_group("passages");
    group.throughput(Throughput::Elements(16)).sample_size(10);
    group.bench_function("16/stock", |b| b.iter(|| black_box(forward(&passages()))));
    group.finish();
}

criterion_group!(benches, ours, stock);
criterion_main!(benches);

//! Prefill and decode of the installed generators, beside candle's stock model on the same file.
//!
//! ```text
//! CANDLE_NUM_THREADS=2 cargo bench --bench decoder
//! ```
//!
//! Elements are tokens: criterion's `thrpt` is tokens a second.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use candle_core::quantized::gguf_file;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_qwen2::ModelWeights;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement};
use satubumi::ai::ComputeOptions;
use satubumi::ai::decoder::{Decoder, KvCache, ModelFiles};
use satubumi::ai::models::{Models, ModelsOptions};

/// A prompt with a few passages.
const PROMPT: usize = 512;
/// Prompt tokens computed at once, as the engine does.
const CHUNK: usize = 64;
/// Tokens written after the prompt.
const ANSWER: usize = 24;

type Group<'a> = BenchmarkGroup<'a, measurement::WallTime>;

fn benchmark(criterion: &mut Criterion) {
    let folder =
        std::env::var_os("SATUBUMI_MODELS_DIR").map_or_else(|| PathBuf::from("models"), PathBuf::from);
    let models = Models::open(ModelsOptions::new(folder)).expect("the models' manifest");
    for profile in ["tiny", "small"] {
        let Ok(installed) = models.installed(profile) else { continue };
        let path = installed.generator_options(ComputeOptions::default(), 1).path;
        let mut group = criterion.benchmark_group(profile);
        group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_millis(1));
        ours(&mut group, &path);
        stock(&mut group, &path);
    }
}

fn prompt() -> Vec<u32> {
    (0..PROMPT as u32).map(|index| 1000 + index * 97 % 20_000).collect()
}

fn ours(group: &mut Group<'_>, path: &Path) {
    let files = ModelFiles::open(path).expect("the model's file");
    let decoder = Decoder::load(&files, PROMPT + ANSWER, &Device::Cpu).expect("the model");
    let prompt = prompt();
    let prefill = |cache: &mut KvCache| {
        cache.truncate(0);
        for chunk in prompt.chunks(CHUNK) {
            decoder.forward(cache, chunk, chunk.len() - 1..chunk.len()).expect("a chunk");
        }
    };
    let mut cache = decoder.new_cache().expect("a cache");
    prefill(&mut cache);
    group.throughput(Throughput::Elements(PROMPT as u64));
    group.bench_function("ours/prefill", |bencher| bencher.iter(|| prefill(&mut cache)));
    group.throughput(Throughput::Elements(ANSWER as u64));
    group.bench_function("ours/decode", |bencher| {
        bencher.iter(|| {
            cache.truncate(PROMPT);
            for token in 0..ANSWER as u32 {
                decoder.forward(&mut cache, &[2000 + token], 0..1).expect("a token");
            }
        });
    });
}

fn stock(group: &mut Group<'_>, path: &Path) {
    let mut file = File::open(path).expect("the model's file");
    let content = gguf_file::Content::read(&mut file).expect("the file's header");
    let mut model = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).expect("the model");
    let mut forward = |ids: &[u32], at: usize| {
        let input = Tensor::new(ids, &Device::Cpu).and_then(|ids| ids.unsqueeze(0)).expect("tokens");
        model.forward(&input, at).expect("logits");
    };
    let prompt = prompt();
    forward(&prompt, 0);
    forward(&[2000], PROMPT);
    group.throughput(Throughput::Elements(PROMPT as u64));
    group.bench_function("stock/prefill", |bencher| bencher.iter(|| forward(&prompt, 0)));
    group.throughput(Throughput::Elements(ANSWER as u64));
    group.bench_function("stock/decode", |bencher| {
        bencher.iter_custom(|runs| {
            let mut spent = Duration::ZERO;
            for _ in 0..runs {
                // Its cache cannot be cut back.
                forward(&prompt, 0);
                let start = Instant::now();
                for token in 0..ANSWER {
                    forward(&[2000 + token as u32], PROMPT + token);
                }
                spent += start.elapsed();
            }
            spent
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    benchmark(&mut criterion);
    criterion.final_summary();
}

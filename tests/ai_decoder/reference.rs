//! Our logits against those of Hugging Face transformers (a recorded fixture) and of candle's stock models, on the
//! same tiny weights.

use candle_core::quantized::{GgmlDType, gguf_file};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models as stock;

use crate::tiny::{NAMES, Tiny, all_logits, dense, distance, fixture, gguf, load, rounded, tiny, tokens};

/// Both sides compute in f32, in another order.
const SAME: f32 = 2e-5;
/// The fixture's angles come from f32 products, ours from f64.
const FIXTURE: f32 = 1e-4;

#[test]
fn safetensors_logits_equal_those_of_transformers() {
    let fixture = fixture();
    let ids: Vec<u32> = serde_json::from_value(fixture["ids"].clone()).unwrap();
    let rows: Vec<usize> = serde_json::from_value(fixture["rows"].clone()).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let expected: Vec<Vec<f32>> = serde_json::from_value(case["logits"].clone()).unwrap();
        let ours = all_logits(&dense(&Tiny { config: case["config"].clone() }), &ids);
        for (row, expected) in rows.iter().zip(&expected) {
            let distance = distance(&ours[*row], expected);
            assert!(distance < FIXTURE, "{} row {row}: {distance}", case["name"]);
        }
    }
}

#[test]
fn a_gguf_file_of_the_same_weights_gives_the_same_logits() {
    for name in NAMES {
        let mut tiny = tiny(name);
        if name == "gemma3" {
            // GGUF files do not say it: it is the head's width in all sizes but one.
            tiny.config["query_pre_attn_scalar"] = tiny.config["head_dim"].clone();
        }
        let (ours, expected) =
            (all_logits(&gguf(&tiny, GgmlDType::F32), &tokens(40)), all_logits(&dense(&tiny), &tokens(40)));
        for (row, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            let distance = distance(ours, expected);
            assert!(distance < SAME, "{name} row {row}: {distance}");
        }
    }
}

#[test]
fn shards_and_half_precision_files_load() {
    let tiny = tiny("qwen3");
    let expected = all_logits(&dense(&tiny), &tokens(12));
    for (dtype, tolerance) in [(DType::F32, 0.0), (DType::F16, 5e-3), (DType::BF16, 4e-2)] {
        let sharded = load(|folder| {
            tiny.write_folder(folder, dtype, 3);
            folder.to_owned()
        });
        let ours = all_logits(&sharded, &tokens(12));
        let distance = distance(&ours[11], &expected[11]);
        assert!(distance <= tolerance, "{dtype:?}: {distance}");
    }
}

/// The kernels round the input of each matrix to eight bits, so ours and candle's models stray a little from exact
/// products, each its own way: ours must not stray further. A single token takes the same way in both.
#[test]
fn quantized_logits_are_as_exact_as_those_of_the_stock_models() {
    let wide: &[(&str, usize)] = &[("hidden_size", 256), ("intermediate_size", 512), ("head_dim", 64)];
    // Rows of 448 are padded to 512.
    let padded: &[(&str, usize)] = &[
        ("hidden_size", 448),
        ("num_attention_heads", 7),
        ("num_key_value_heads", 1),
        ("head_dim", 64),
        ("intermediate_size", 512),
    ];
    for (name, changes, dtype) in [
        ("qwen2", wide, GgmlDType::Q8_0),
        ("qwen2", wide, GgmlDType::Q4K),
        ("qwen2", wide, GgmlDType::Q6K),
        ("qwen2", padded, GgmlDType::Q8_0),
        ("qwen2", padded, GgmlDType::Q5_0),
        ("qwen2", padded, GgmlDType::Q4_0),
        ("qwen3", wide, GgmlDType::Q8_0),
        ("qwen3", wide, GgmlDType::Q4K),
        ("llama", wide, GgmlDType::Q8_0),
        ("llama", wide, GgmlDType::Q4K),
    ] {
        let tiny = tiny(name).with(changes);
        for count in [1, 3, 40] {
            let last = |logits: Vec<Vec<f32>>| logits[count - 1].clone();
            let exact = last(all_logits(&rounded(&tiny, dtype), &tokens(count)));
            let ours = last(all_logits(&gguf(&tiny, dtype), &tokens(count)));
            let theirs = stock_quantized(name, &tiny, dtype, &tokens(count));
            let (ours_off, theirs_off) = (distance(&ours, &exact), distance(&theirs, &exact));
            let case = format!("{name} {dtype:?} {count}: {ours_off}, stock {theirs_off}");
            assert!(ours_off < 2.0 * theirs_off + 5e-3 && ours_off < 6e-2, "{case}");
            if changes == wide && count == 1 {
                assert!(distance(&ours, &theirs) < 2e-4, "{case}");
            }
        }
    }
}

fn stock_quantized(name: &str, tiny: &Tiny, dtype: GgmlDType, ids: &[u32]) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny.write_gguf(&path, dtype);
    let mut file = std::fs::File::open(&path).unwrap();
    let content = gguf_file::Content::read(&mut file).unwrap();
    let input = Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let logits = match name {
        "qwen2" => stock::quantized_qwen2::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)
            .and_then(|mut model| model.forward(&input, 0)),
        "qwen3" => stock::quantized_qwen3::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)
            .and_then(|mut model| model.forward(&input, 0)),
        _ => stock::quantized_llama::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)
            .and_then(|mut model| model.forward(&input, 0)),
    };
    logits.unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn dense_logits_equal_those_of_the_stock_models() {
    // Candle's Gemma 3 fails on the processor; transformers is its reference.
    for name in ["qwen2", "qwen3", "llama", "llama3-scaled"] {
        let tiny = tiny(name);
        let ours = all_logits(&dense(&tiny), &tokens(40));
        let distance = distance(&ours[39], &stock_dense(name, &tiny, &tokens(40)));
        assert!(distance < FIXTURE, "{name}: {distance}");
    }
}

fn stock_dense(name: &str, tiny: &Tiny, ids: &[u32]) -> Vec<f32> {
    let weights = VarBuilder::from_tensors(tiny.tensors(), DType::F32, &Device::Cpu);
    let input = Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let config = tiny.config.clone();
    let logits = match name {
        "qwen2" => stock::qwen2::ModelForCausalLM::new(&serde_json::from_value(config).unwrap(), weights)
            .and_then(|mut model| model.forward(&input, 0)),
        "qwen3" => stock::qwen3::ModelForCausalLM::new(&serde_json::from_value(config).unwrap(), weights)
            .and_then(|mut model| model.forward(&input, 0)),
        _ => {
            let config: stock::llama::LlamaConfig = serde_json::from_value(config).unwrap();
            let config = config.into_config(false);
            let mut cache = stock::llama::Cache::new(true, DType::F32, &config, &Device::Cpu).unwrap();
            stock::llama::Llama::load(weights, &config).and_then(|model| model.forward(&input, 0, &mut cache))
        }
    };
    logits.unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

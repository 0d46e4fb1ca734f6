//! Tokenizers and chat templates: from GGUF metadata, from model folders, and what is refused.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use satubumi::ai::AiError;
use satubumi::ai::decoder::{
    Answering, ChatMessage, ChatTemplate, Engine, EngineOptions, ModelFiles, Prompt, Sampling, Tokens, argmax,
};
use serde_json::json;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

use crate::tiny::{all_logits, dense, tiny};

/// All bytes, then merges and words, then the special tokens.
fn vocabulary() -> Vec<String> {
    let mut bytes: Vec<String> = ByteLevel::alphabet().into_iter().map(String::from).collect();
    bytes.sort();
    bytes.extend(["12", "123", "1234", "<|im_start|>", "<|im_end|>"].map(str::to_owned));
    bytes
}

/// A GGUF file of nothing but a tokenizer.
fn write_tokenizer(path: &Path, model: &str, pre: &str) {
    let vocabulary = vocabulary();
    let special = vocabulary.len() - 2;
    let text = |text: &str| Value::String(text.to_owned());
    let kinds = (0..vocabulary.len()).map(|id| Value::I32(if id < special { 1 } else { 3 })).collect();
    let metadata = [
        ("tokenizer.ggml.model", text(model)),
        ("tokenizer.ggml.pre", text(pre)),
        ("tokenizer.ggml.tokens", Value::Array(vocabulary.iter().map(|token| text(token)).collect())),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.merges", Value::Array(["1 2", "12 3"].map(text).to_vec())),
        ("tokenizer.ggml.eos_token_id", Value::U32(special as u32 + 1)),
    ];
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let nothing =
        QTensor::quantize(&Tensor::zeros(32, DType::F32, &Device::Cpu).unwrap(), GgmlDType::F32).unwrap();
    gguf_file::write(&mut std::fs::File::create(path).unwrap(), &metadata, &[("nothing", &nothing)]).unwrap();
}

fn tokens_of(model: &str, pre: &str) -> Result<Tokens, AiError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.gguf");
    write_tokenizer(&path, model, pre);
    Tokens::load(&ModelFiles::open(&path)?)
}

fn pieces(tokens: &Tokens, text: &str) -> Vec<String> {
    let vocabulary = vocabulary();
    tokens.encode(text).unwrap().iter().map(|id| vocabulary[*id as usize].clone()).collect()
}

#[test]
fn known_pre_tokenizers_split_as_their_models_were_trained() {
    let qwen = tokens_of("gpt2", "qwen2").unwrap();
    assert_eq!(pieces(&qwen, "12345"), ["1", "2", "3", "4", "5"]);
    for name in ["llama-bpe", "llama3"] {
        let llama = tokens_of("gpt2", name).unwrap();
        assert_eq!(pieces(&llama, "12345"), ["123", "4", "5"], "digits by three");
    }
    let ids = qwen.encode("<|im_start|>a<|im_end|>").unwrap();
    assert_eq!(ids.len(), 3, "special tokens are one id each");
    assert!(qwen.is_stop(ids[2]) && !qwen.is_stop(ids[0]));
}

#[test]
fn unknown_tokenizers_are_refused_not_guessed() {
    for (model, pre, named) in [("gpt2", "deepseek-llm", "deepseek-llm"), ("llama", "default", "llama")] {
        match tokens_of(model, pre) {
            Err(AiError::Load { detail, .. }) => {
                assert!(detail.contains(named) && detail.contains("tokenizer.json"), "{detail}");
            }
            other => panic!("{named}: {:?}", other.err()),
        }
    }
}

#[test]
fn templates_have_what_hugging_face_gives_them() {
    let tokens = tokens_of("gpt2", "qwen2").unwrap();
    let render = |source: &str, messages: &[ChatMessage]| {
        ChatTemplate::parse(source).unwrap().render(messages, &tokens)
    };
    let chat = [
        ChatMessage::system("S"),
        ChatMessage::user("  U\n"),
        ChatMessage::assistant("<think>x</think>\n\nA"),
    ];
    // What Qwen3's template does: reversed lists, namespaces, Python's methods, switching the thinking off.
    let qwen3 = "{%- set ns = namespace(last=0) %}\
        {%- for m in messages[::-1] %}{% if m.role == 'user' and not ns.last %}{% set ns.last = messages|length - loop.index0 %}{% endif %}{% endfor %}\
        {%- for m in messages %}\
        {%- if m['role'] == 'assistant' and '</think>' in m.content %}{{ m.content.split('</think>')[-1].lstrip('\\n') }}\
        {%- else %}{{ m.role + ':' + m.content.strip() + ';' }}{% endif %}\
        {%- endfor %}{{ ns.last }}\
        {%- if add_generation_prompt %}|{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}{% endif %}";
    assert_eq!(render(qwen3, &chat).unwrap(), "system:S;user:U;A2|<think></think>");
    // Gemma's: the first message may be the system's, roles must alternate.
    let gemma = "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- set rest = messages[1:] -%}{%- else -%}{%- set rest = messages -%}{%- endif -%}\
        {%- for m in rest -%}{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('roles must alternate') }}{%- endif -%}\
        {{ '<start>' + m['content'] | trim }}{%- endfor -%}";
    assert_eq!(render(gemma, &chat[..2]).unwrap(), "<start>U");
    assert!(matches!(render(gemma, &[chat[2].clone()]), Err(AiError::Inference(_))));
    // Llama's: today's date and JSON.
    let llama = "{{ strftime_now('%d %b %Y')|length }} {{ messages[1]|tojson }}{{ eos_token }}";
    assert_eq!(render(llama, &chat).unwrap(), "11 {\"role\":\"user\",\"content\":\"  U\\n\"}<|im_end|>");
    assert!(matches!(ChatTemplate::parse("{% if %}"), Err(AiError::Load { .. })));
}

/// A folder as the hub has them: configuration, tokenizer, template and weights apart.
fn write_folder(folder: &Path) -> crate::tiny::Tiny {
    let vocabulary = vocabulary();
    let special = vocabulary.len() - 2;
    let ids: serde_json::Map<_, _> =
        vocabulary.iter().enumerate().map(|(id, t)| (t.clone(), json!(id))).collect();
    let added = |id: usize| {
        json!({"id": id, "content": vocabulary[id], "special": true, "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false})
    };
    let byte_level =
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": [added(special), added(special + 1)],
        "pre_tokenizer": byte_level, "post_processor": null, "decoder": byte_level,
        "model": {"type": "BPE", "vocab": ids, "merges": ["1 2", "12 3"]},
    });
    let template =
        "{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}<|im_start|>";
    let config =
        json!({"chat_template": template, "eos_token": {"content": "<|im_end|>"}, "bos_token": null});
    let mut tiny = tiny("qwen3").with(&[("vocab_size", vocabulary.len())]);
    tiny.config["eos_token_id"] = json!([special + 1]);
    tiny.write_folder(folder, DType::F32, 2);
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    std::fs::write(folder.join("tokenizer_config.json"), config.to_string()).unwrap();
    tiny
}

#[test]
fn an_engine_from_a_folder_answers_as_its_decoder_says() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = write_folder(folder.path());
    let options = EngineOptions { context: 128, chunk: 8, ..Default::default() };
    let mut engine = Engine::load(folder.path(), &Device::Cpu, options).unwrap();
    let prompt = Prompt { messages: vec![ChatMessage::user("jam 123?")], assistant_prefix: "ya".to_owned() };
    let rendered = engine.render(&prompt).unwrap();
    assert_eq!(rendered, "<|im_start|>user jam 123?<|im_end|><|im_start|>ya");
    let answering = Answering { sampling: Sampling::GREEDY, max_tokens: 12, stop: Vec::new() };
    let mut ignore = |_: &str| ControlFlow::Continue(());
    let generation = engine.generate(&prompt, &answering, &mut ignore, &|| false).unwrap();

    let decoder = dense(&tiny);
    let mut ids = engine.tokens().encode(&rendered).unwrap();
    assert_eq!(generation.prompt_tokens, ids.len());
    let mut written = 0;
    while written < 12 {
        let next = argmax(&all_logits(&decoder, &ids)[ids.len() - 1]);
        if engine.tokens().is_stop(next) {
            break;
        }
        ids.push(next);
        written += 1;
    }
    assert_eq!(generation.completion_tokens, written);
    let mut detokenizer = satubumi::ai::decoder::Detokenizer::new(engine.tokens());
    let by_hand: String =
        ids[generation.prompt_tokens..].iter().map(|id| detokenizer.push(*id).unwrap()).collect();
    assert_eq!(generation.text, by_hand);
}

#[test]
fn what_a_folder_lacks_is_named() {
    for missing in
        ["config.json", "tokenizer.json", "tokenizer_config.json", "model-00002-of-00002.safetensors"]
    {
        let folder = tempfile::tempdir().unwrap();
        write_folder(folder.path());
        std::fs::remove_file(folder.path().join(missing)).unwrap();
        match Engine::load(folder.path(), &Device::Cpu, EngineOptions::default()).err() {
            Some(AiError::Load { model, detail }) => {
                let named = model.contains(missing)
                    || detail.contains("is missing")
                    || detail.contains("no safetensors");
                assert!(named, "{missing}: {model}: {detail}");
            }
            other => panic!("{missing}: {other:?}"),
        }
    }
}

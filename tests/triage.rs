//! Promise C1: a red flag is found at once, in whatever words, and what only looks like one is not.

use std::path::{Path, PathBuf};

use satubumi::ai::models::{Models, ModelsOptions};
use satubumi::ai::{ComputeOptions, DeviceChoice, Embedder};
use satubumi::assistant::triage::{Kind, Shows, Triage, TriageError};

/// The hospital's own rules.
fn triage() -> Triage {
    Triage::load(Path::new("knowledge/triage")).unwrap_or_else(|e| panic!("{e}"))
}

/// Sentences written after the rules and never among their examples: `label <TAB> text`.
fn unseen() -> Vec<(String, String)> {
    let text = std::fs::read_to_string("tests/data/triage_unseen.tsv").expect("part of the project");
    let rows: Vec<_> =
        text.lines().filter_map(|l| l.split_once('\t')).map(|(a, b)| (a.into(), b.into())).collect();
    assert!(rows.len() > 100);
    rows
}

/// The share of texts for which `alarms` holds, and those that go against `wanted`, for the failure's message.
fn share<'a>(
    texts: impl Iterator<Item = &'a str>,
    wanted: bool,
    alarms: impl Fn(&str) -> bool,
) -> (f64, Vec<String>) {
    let (mut all, mut alarmed, mut wrong) = (0, 0, Vec::new());
    for text in texts {
        let alarm = alarms(text);
        all += 1;
        alarmed += usize::from(alarm);
        if alarm != wanted {
            wrong.push(text.to_owned());
        }
    }
    assert!(all > 30, "only {all} sentences say little");
    (f64::from(alarmed as u32) / f64::from(all), wrong)
}

#[test]
fn c01_the_rules_keep_their_examples() {
    let triage = triage();
    let of = |wanted: fn(&Shows) -> bool| {
        triage.examples().iter().filter(move |e| wanted(&e.shows)).map(|e| e.text.as_str())
    };
    let alarms = |text: &str| triage.check(text).is_emergency();
    let (found, missed) = share(of(|s| matches!(s, Shows::Emergency(_))), true, alarms);
    assert!(found >= 0.97, "{found}: {missed:#?}");
    let (complaints, wrong) = share(of(|s| *s == Shows::Complaint), false, alarms);
    assert!(complaints <= 0.05, "{complaints}: {wrong:#?}");
    let (questions, wrong) = share(of(|s| *s == Shows::Question), false, alarms);
    assert!(questions <= 0.02, "{questions}: {wrong:#?}");
    assert!(triage.self_test().len() < 20);
}

#[test]
fn c01_slips_of_the_finger_are_still_found() {
    let triage = triage();
    let emergencies: Vec<&str> = triage
        .examples()
        .iter()
        .filter(|e| matches!(e.shows, Shows::Emergency(_)))
        .map(|e| e.text.as_str())
        .collect();
    let damages: [(&str, Damage); 5] = [
        ("upper case", |text, _| text.to_uppercase()),
        ("a letter held down", |text, seed| in_long_word(text, seed, |word, at| word.insert(at, word[at]))),
        ("a letter left out", |text, seed| {
            in_long_word(text, seed, |word, at| {
                word.remove(at);
            })
        }),
        ("two letters swapped", |text, seed| in_long_word(text, seed, |word, at| word.swap(at, at + 1))),
        ("a neighbouring key", |text, seed| {
            in_long_word(text, seed, |word, at| word[at] = if word[at] == 'a' { 's' } else { 'a' })
        }),
    ];
    for (damage, apply) in damages {
        for seed in 0..3 {
            let damaged: Vec<String> =
                emergencies.iter().enumerate().map(|(i, text)| apply(text, i * 7 + seed * 13)).collect();
            let (found, missed) =
                share(damaged.iter().map(String::as_str), true, |text| triage.check(text).is_emergency());
            assert!(found >= 0.90, "{damage}: {found}: {missed:#?}");
        }
    }
}

/// What a seed does to a text.
type Damage = fn(&str, usize) -> String;

/// Edits one letter inside one word of six letters or more, both picked by the seed.
fn in_long_word(text: &str, seed: usize, edit: impl Fn(&mut Vec<char>, usize)) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let long: Vec<usize> =
        (0..words.len()).filter(|&i| words[i].chars().filter(|c| c.is_alphabetic()).count() >= 6).collect();
    if let Some(&pick) = long.get(seed % long.len().max(1)) {
        let mut letters: Vec<char> = words[pick].chars().collect();
        let at = 1 + seed % (letters.len() - 3);
        edit(&mut letters, at);
        words[pick] = letters.into_iter().collect();
    }
    words.join(" ")
}

#[test]
fn c01_negation_ends_where_its_scope_ends() {
    let triage = triage();
    for (emergency, harmless) in [
        ("sesak", "tidak sesak"),
        ("batuk dan sesak", "batuk, gak sesak kok"),
        ("nyeri dada", "tidak ada rasa nyeri dada sama sekali"),
        ("tidak demam tapi kejang", "tidak demam atau kejang"),
        ("tidak bisa tidur karena sesak", "tidak sesak, cuma susah tidur"),
        ("gak kuat sesak banget", "gak terlalu sesak"),
        ("ora iso ambegan", "ora sesek"),
        ("eungap pisan", "teu eungap"),
        ("anak tidak sadar", "saya tidak sadar kalau kartunya hilang"),
        ("sesaknya tidak hilang-hilang", "sesaknya sudah hilang"),
        ("tidak mau makan, kejang, demam", "tidak ada sesak, nyeri dada, atau demam"),
        ("kejangnya tidak berhenti", "kejang sih tidak, cuma demam"),
        ("my son has chest pain", "no chest pain, just a cough"),
    ] {
        assert!(triage.check(emergency).is_emergency(), "{emergency}");
        assert_eq!(triage.check(harmless).alarms, [], "{harmless}");
    }
}

#[test]
fn c01_the_past_and_the_library_are_no_emergency() {
    let triage = triage();
    for (emergency, harmless) in [
        ("anak saya kejang", "dulu pernah kejang waktu kecil"),
        ("dulu pernah kejang, sekarang kejang lagi", "obat kejang habis, bisa tebus?"),
        ("bapak saya kena stroke barusan", "bapak saya meninggal karena stroke tahun lalu"),
        ("bapak serangan jantung", "apakah IGD melayani serangan jantung?"),
        ("mulutnya mencong apakah ini gejala stroke", "apa gejala stroke?"),
        ("pengen mati aja", "mati lampu dari tadi"),
        ("mau bunuh diri", "mau bunuh waktu"),
        ("bayi umur 10 hari demam", "bayi umur 10 hari mau imunisasi"),
        ("kulit bayi kuning umur 1 hari", "cara bikin kartu kuning"),
        ("digigit ular", "vaksin rabies ada?"),
    ] {
        assert!(triage.check(emergency).is_emergency(), "{emergency}");
        assert_eq!(triage.check(harmless).alarms, [], "{harmless}");
    }
}

#[test]
fn c01_the_right_text_is_sent() {
    let triage = triage();
    for (text, kind) in [
        ("hamil 7 bulan keluar darah", Kind::Pregnancy),
        ("minum racun tikus, pengen mati", Kind::Poisoning),
        ("pengen mati aja", Kind::Mental),
        ("saya dipukuli suami", Kind::Violence),
        ("nyeri dada menjalar", Kind::Medical),
    ] {
        assert_eq!(triage.check(text).alarm().map(|alarm| alarm.kind), Some(kind), "{text}");
    }
    assert_eq!(Kind::Mental.reply_key(), "emergency_mental");
}

#[test]
fn a_wrong_rule_is_an_error_that_says_what_is_allowed() {
    const CONTEXT: (&str, &str) = (
        "context.toml",
        "[context]\nnegators = [\"tidak\"]\nlight = []\ncarriers = []\nheads = []\nafter = []\ncalm = []\nurgent = []\n[groups]\nnyeri = [\"sakit\"]\n",
    );
    let error = |rule: &str| Triage::parse(&[CONTEXT, ("aturan.toml", rule)]).expect_err(rule).to_string();
    let rule = |all: &str| format!("[[rule]]\nid = \"x\"\nname = \"X\"\nkind = \"medical\"\nall = {all}\n");
    assert!(Triage::parse(&[CONTEXT, ("aturan.toml", &rule("[[\"@nyeri dada\"]]"))]).is_ok());
    for (text, parts) in [
        (rule("[[\"@neri dada\"]]"), vec!["aturan.toml", "rule \"x\"", "@neri", "@nyeri"]),
        (rule("[[\"umur+#0..x\"]]"), vec!["#0..x", "#0..3"]),
        (rule("[[\"> dada\"]]"), vec!["stands alone"]),
        (rule("[[\"da%da\"]]"), vec!["da%da", "no word"]),
        (rule("[]"), vec!["all", "at least one"]),
        (rule("[[\"dada\"]]").replace("medical", "heart"), vec!["aturan.toml", "heart", "medical", "mental"]),
        (format!("{}colour = 1", rule("[[\"dada\"]]")), vec!["aturan.toml", "colour", "examples"]),
        (rule("[[\"dada\"]]").repeat(2), vec!["another rule has this id"]),
        (
            format!("{}[[examples]]\nrule = \"y\"\ntexts = []\n", rule("[[\"dada\"]]")),
            vec!["\"y\"", "no [[rule]]"],
        ),
        (String::new(), vec!["no [[rule]]"]),
    ] {
        let message = error(&text);
        assert!(parts.iter().all(|part| message.contains(part)), "{message} lacks one of {parts:?}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Triage::load(empty.path()), Err(TriageError::Incomplete(_))));
    assert!(matches!(Triage::load(&empty.path().join("none")), Err(TriageError::Read { .. })));
}

#[test]
fn c01_approved_questions_are_no_emergency() {
    let triage = triage();
    let mut questions = Vec::new();
    for file in std::fs::read_dir("knowledge/approved").unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        collect_questions(&toml::from_str(&text).unwrap(), &mut questions);
    }
    let (alarmed, wrong) =
        share(questions.iter().map(String::as_str), false, |text| triage.check(text).is_emergency());
    assert!(alarmed <= 0.02, "{alarmed}: {wrong:#?}");
}

/// Every text under a key `question` or `questions`, however deep.
fn collect_questions(value: &toml::Value, into: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(key, value)| match value {
            toml::Value::String(text) if key == "question" => into.push(text.clone()),
            toml::Value::Array(texts) if key == "questions" => {
                into.extend(texts.iter().filter_map(|text| Some(text.as_str()?.to_owned())));
            }
            other => collect_questions(other, into),
        }),
        toml::Value::Array(values) => values.iter().for_each(|value| collect_questions(value, into)),
        _ => {}
    }
}

#[test]
fn c01_any_text_is_read_without_harm() {
    let triage = triage();
    for text in ["", " ", "?!", "🙏🙏", "a", "sakit ".repeat(5000).as_str(), "dada\u{0}nyeri", "\u{202e}adad"]
    {
        triage.check(text);
    }
}

/// Rules and meaning together, on the embedder that the hospital's machine runs by default.
#[tokio::test]
async fn c01_unseen_sentences_with_the_real_embedder() {
    let dir = std::env::var_os("SATUBUMI_MODELS_DIR").map_or_else(|| PathBuf::from("models"), PathBuf::from);
    let profile = Models::open(ModelsOptions::new(dir)).unwrap().installed("tiny");
    let profile = profile.unwrap_or_else(|error| panic!("{error}; `./scripts/test` fetches what tests need"));
    let compute = ComputeOptions { device: DeviceChoice::Cpu, threads: 0 };
    let embedder = Embedder::local(profile.embedder_options(compute, 16)).await.unwrap();
    let triage = triage();
    let texts = triage.examples().iter().map(|e| e.text.clone()).collect();
    let triage = triage.with_example_vectors(embedder.embed_queries(texts).await.unwrap()).unwrap();
    let rows = unseen();
    let vectors = embedder.embed_queries(rows.iter().map(|(_, text)| text.clone()).collect()).await.unwrap();
    let alarmed = |text: &str| {
        let at = rows.iter().position(|(_, t)| t == text).unwrap();
        triage.check(text).is_emergency() || triage.check_similar(text, &vectors[at]).is_emergency()
    };
    let of =
        |label: &'static str| rows.iter().filter(move |(l, _)| l == label).map(|(_, text)| text.as_str());
    let (found, missed) = share(of("emergency"), true, alarmed);
    let (complaints, annoyed) = share(of("complaint"), false, alarmed);
    let (services, disturbed) = share(of("service"), false, alarmed);
    assert!(found >= 0.95, "{found}: {missed:#?}");
    assert!(complaints <= 0.20, "{complaints}: {annoyed:#?}");
    assert!(services <= 0.02, "{services}: {disturbed:#?}");
}

//! How long a search takes without the question's embedding, over 1,000 and 10,000 passages of about 60 words, each line
//! with a vector of its own (384 dimensions, as multilingual-e5-small makes them); and what the first search after a
//! changed document pays. Run with `cargo bench --bench search`; the percentiles go to standard error.

use std::{
    hint::black_box,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use criterion::Criterion;
use jiff::{Timestamp, civil::date};
use rand::{Rng, SeedableRng, rngs::StdRng};
use satubumi::{
    ai::Embedder,
    domain::{DocumentMeta, PassageKind},
    knowledge::{KnowledgeBase, Options},
    store::{
        Store, StoreError,
        documents::{NewDocument, replace_document},
        passages::{NewPassage, PassageTokens},
    },
};
use tokio::runtime::Runtime;

const DIMENSIONS: usize = 384;
const PASSAGES_A_DOCUMENT: usize = 20;
const LINES: usize = 4;
const WORDS_A_LINE: usize = 15;
const VOCABULARY: usize = 12_000;
const SEARCHES: usize = 400;

/// A word by its rank: few words are in most passages, as in any language (Zipf).
fn word(random: &mut StdRng) -> String {
    let rank = (VOCABULARY as f64).powf(random.random::<f64>()) as usize;
    // Letters, so that it is taken for a word; no affixes that the stemmer would cut.
    let letters = b"bdgkprtz";
    let mut at = rank + 8;
    let mut word = String::new();
    while at > 0 {
        word.push(letters[at % 8] as char);
        word.push('o');
        at /= 8;
    }
    word
}

fn vector(random: &mut StdRng) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| random.random::<f32>() - 0.45).collect();
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

fn document(random: &mut StdRng) -> Vec<NewPassage> {
    (0..PASSAGES_A_DOCUMENT)
        .map(|_| {
            let mut line = || (0..WORDS_A_LINE).map(|_| word(random)).collect::<Vec<_>>().join(" ");
            let (heading, lines) = (line(), (0..LINES).map(|_| line()).collect::<Vec<_>>());
            let body = lines.join(" ");
            NewPassage {
                kind: PassageKind::Prose,
                headings: vec![heading.clone()],
                text: lines.join("\n"),
                tokens: PassageTokens { words: format!("{heading} {body}"), heading, body },
                vectors: (0..=LINES).map(|_| vector(random)).collect(),
            }
        })
        .collect()
}

fn write(store: &Store, identity: &str, at: usize, random: &mut StdRng) -> Result<(), StoreError> {
    let passages = document(random);
    let meta = DocumentMeta { title: format!("Dokumen {at}"), ..DocumentMeta::default() };
    store.write_blocking(|tx| {
        let new = NewDocument {
            path: &format!("documents/{at}.md"),
            hash: &(at as u64).to_le_bytes(),
            embedder: identity,
            meta: &meta,
            content: Ok(&passages),
        };
        replace_document(tx, &new, Timestamp::now()).map(|_| ())
    })
}

struct Bench {
    knowledge: KnowledgeBase,
    store: Store,
    identity: String,
    random: StdRng,
}

fn filled(folder: &Path, passages: usize) -> anyhow::Result<Bench> {
    let store = Store::open(&folder.join("satubumi.db"))?;
    let embedder = Embedder::scripted(DIMENSIONS);
    let of = embedder.identity();
    let identity = format!("{}@{}/{}+lines", of.model, of.revision, of.dimensions);
    let mut random = StdRng::seed_from_u64(2026);
    for at in 0..passages / PASSAGES_A_DOCUMENT {
        write(&store, &identity, at, &mut random)?;
    }
    let options = Options {
        approximate_from: usize::MAX,
        ..Options::new(folder.join("knowledge"), folder.join("hnsw"))
    };
    let knowledge = KnowledgeBase::open(store.clone(), embedder.into(), None, options)?;
    Ok(Bench { knowledge, store, identity, random })
}

/// Eight words, three of them common.
fn question(random: &mut StdRng) -> (String, Vec<f32>) {
    let words = (0..8).map(|_| word(random)).collect::<Vec<_>>().join(" ");
    (words, vector(random))
}

fn percentiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let line = format!("{what}: p50 {:.2?}, p95 {:.2?}, p99 {:.2?}\n", at(0.5), at(0.95), at(0.99));
    // A figure that can't be shown is no reason to stop measuring.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn search(criterion: &mut Criterion) {
    measure(criterion).expect("the bench's own database can be written and read");
}

fn measure(criterion: &mut Criterion) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let today = date(2026, 11, 22);
    for passages in [1_000, 10_000] {
        let folder = tempfile::tempdir()?;
        let mut bench = filled(folder.path(), passages)?;
        runtime.block_on(bench.knowledge.refresh())?;
        let mut times = Vec::new();
        for _ in 0..SEARCHES {
            let (words, vector) = question(&mut bench.random);
            let started = Instant::now();
            black_box(runtime.block_on(bench.knowledge.search(&words, &vector, 10, today))?);
            times.push(started.elapsed());
        }
        percentiles(&format!("search over {passages} passages"), times);

        let mut times = Vec::new();
        for at in 0..20 {
            write(&bench.store, &bench.identity, at, &mut bench.random)?;
            let (words, vector) = question(&mut bench.random);
            let started = Instant::now();
            black_box(runtime.block_on(bench.knowledge.search(&words, &vector, 10, today))?);
            times.push(started.elapsed());
        }
        percentiles(&format!("first search after a change in {passages} passages"), times);

        let (words, vector) = question(&mut bench.random);
        criterion.bench_function(&format!("search/{passages}"), |bencher| {
            bencher.iter(|| runtime.block_on(bench.knowledge.search(&words, &vector, 10, today)));
        });
    }
    Ok(())
}

fn main() {
    let mut criterion =
        Criterion::default().sample_size(30).measurement_time(Duration::from_secs(3)).configure_from_args();
    search(&mut criterion);
    criterion.final_summary();
}

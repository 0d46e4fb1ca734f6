//! R8: the approximate index is a cache. Damaged, mixed up, of another time or gone, it is rebuilt while exact search
//! answers, and what it answers is what exact search answers.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use satubumi::{
    domain::{PassageId, ScoredPassage},
    knowledge::{KnowledgeBase, Options},
};

use super::support::{Hospital, TODAY, files, until};

const DIMENSIONS: usize = 48;

fn approximate(options: &mut Options) {
    options.approximate_from = 200;
}

fn exact(options: &mut Options) {
    options.approximate_from = usize::MAX;
}

/// Some hundred passages that share words in many ways.
async fn hospital() -> Result<Hospital> {
    let hospital = Hospital::with(DIMENSIONS, None, approximate)?;
    for document in 0..6 {
        let sections: String = (0..60)
            .map(|section| {
                let number = document * 60 + section;
                let words: String =
                    (0..30).map(|at| format!("kata{} ", (number * 7 + at * at) % 211)).collect();
                format!("## Bagian {number}\n\nNomor {number} {words}.\n\n")
            })
            .collect();
        hospital.put(&format!("{document}.md"), sections)?;
    }
    hospital.ingest().await?;
    Ok(hospital)
}

async fn stands(knowledge: &Arc<KnowledgeBase>) -> Result<()> {
    until("the approximate index", async || {
        knowledge.refresh().await?;
        Ok(knowledge.status().await?.approximate)
    })
    .await
}

async fn nearest(knowledge: &KnowledgeBase, question: &str) -> Result<Vec<(PassageId, f32)>> {
    let embedding = knowledge.embed(question).await?;
    let mut found: Vec<ScoredPassage> = knowledge.search(question, &embedding, 10, TODAY).await?.passages;
    found.sort_by(|a, b| b.dense.total_cmp(&a.dense));
    Ok(found.into_iter().map(|found| (found.passage.id, (found.dense * 1e4).round())).collect())
}

fn questions() -> impl Iterator<Item = String> {
    (0..40).map(|at| format!("nomor {} kata{} kata{}", at * 9, at * 5 % 211, at * 11 % 211))
}

/// Every question's ten passages, against the exact index on the same database.
async fn answers_equal_exact(hospital: &Hospital, knowledge: &KnowledgeBase) -> Result<()> {
    let oracle = hospital.beside(DIMENSIONS, exact)?;
    for question in questions() {
        assert_eq!(nearest(knowledge, &question).await?, nearest(&oracle, &question).await?, "{question}");
    }
    assert!(!oracle.status().await?.approximate);
    Ok(())
}

fn cache_files(hospital: &Hospital, ending: &str) -> Result<Vec<PathBuf>> {
    Ok(files(&hospital.cache())?
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r08_the_graph_answers_as_exact_search_does_and_survives_a_restart() -> Result<()> {
    let hospital = hospital().await?;
    // From the first moment on, whether the graph stands already or not.
    answers_equal_exact(&hospital, &hospital.knowledge).await?;
    stands(&hospital.knowledge).await?;
    answers_equal_exact(&hospital, &hospital.knowledge).await?;

    let written = std::fs::metadata(&cache_files(&hospital, "manifest.json")?[0])?.modified()?;
    let restarted = hospital.beside(DIMENSIONS, approximate)?;
    stands(&restarted).await?;
    answers_equal_exact(&hospital, &restarted).await?;
    let now = std::fs::metadata(&cache_files(&hospital, "manifest.json")?[0])?.modified()?;
    assert_eq!(now, written, "it was loaded, not built again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r08_the_graph_follows_the_documents() -> Result<()> {
    let hospital = hospital().await?;
    stands(&hospital.knowledge).await?;
    hospital.put("3.md", "## Baru\n\nNomor baru kata1 kata2 kata3.\n")?;
    hospital.ingest().await?;
    answers_equal_exact(&hospital, &hospital.knowledge).await?;
    stands(&hospital.knowledge).await?;
    answers_equal_exact(&hospital, &hospital.knowledge).await?;
    // One generation is kept.
    assert_eq!(cache_files(&hospital, ".hnsw.graph")?.len(), 1);
    Ok(())
}

/// A way to spoil the cache, given a copy of an older generation's files.
type Damage = fn(&Hospital, &[(PathBuf, Vec<u8>)]) -> Result<()>;

fn truncate(hospital: &Hospital, ending: &str) -> Result<()> {
    for path in cache_files(hospital, ending)? {
        let bytes = std::fs::read(&path)?;
        std::fs::write(&path, &bytes[..bytes.len() / 2])?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r08_a_damaged_cache_is_rebuilt_while_answers_go_on() -> Result<()> {
    let hospital = hospital().await?;
    stands(&hospital.knowledge).await?;
    let older: Vec<(PathBuf, Vec<u8>)> = cache_files(&hospital, "")?
        .into_iter()
        .map(|path| std::fs::read(&path).map(|bytes| (path, bytes)))
        .collect::<Result<_, _>>()?;
    hospital.put("6.md", "## Tambahan\n\nNomor tambahan kata4 kata5 kata6.\n")?;
    hospital.ingest().await?;
    stands(&hospital.knowledge).await?;

    let damages: [(&str, Damage); 7] = [
        ("graph truncated", |hospital, _| truncate(hospital, ".hnsw.graph")),
        ("vectors truncated", |hospital, _| truncate(hospital, ".hnsw.data")),
        ("manifest truncated", |hospital, _| truncate(hospital, "manifest.json")),
        ("one bit", |hospital, _| {
            let path = &cache_files(hospital, ".hnsw.data")?[0];
            let mut bytes = std::fs::read(path)?;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Ok(std::fs::write(path, bytes)?)
        }),
        ("two generations mixed", |hospital, older| {
            let (_, graph) = older
                .iter()
                .find(|(path, _)| path.to_string_lossy().ends_with(".hnsw.graph"))
                .context("no older graph")?;
            Ok(std::fs::write(&cache_files(hospital, ".hnsw.graph")?[0], graph)?)
        }),
        ("an older generation whole", |hospital, older| {
            std::fs::remove_dir_all(hospital.cache())?;
            for (path, bytes) in older {
                std::fs::create_dir_all(path.parent().context("no folder")?)?;
                std::fs::write(path, bytes)?;
            }
            Ok(())
        }),
        ("gone", |hospital, _| Ok(std::fs::remove_dir_all(hospital.cache())?)),
    ];
    for (what, damage) in damages {
        damage(&hospital, &older).with_context(|| what.to_owned())?;
        let restarted = hospital.beside(DIMENSIONS, approximate)?;
        answers_equal_exact(&hospital, &restarted).await.with_context(|| what.to_owned())?;
        stands(&restarted).await.with_context(|| what.to_owned())?;
        answers_equal_exact(&hospital, &restarted).await.with_context(|| what.to_owned())?;
    }
    Ok(())
}

/// Another model's graph is of no use, however well its files are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r08_a_graph_of_another_model_is_not_taken() -> Result<()> {
    let hospital = hospital().await?;
    stands(&hospital.knowledge).await?;
    let other = hospital.beside(DIMENSIONS + 1, approximate)?;
    other.ingest(&|_| {}).await?;
    stands(&other).await?;
    let oracle = hospital.beside(DIMENSIONS + 1, exact)?;
    for question in questions() {
        assert_eq!(nearest(&other, &question).await?, nearest(&oracle, &question).await?, "{question}");
    }
    Ok(())
}

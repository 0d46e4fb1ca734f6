//! A question to passages: by meaning and by words, fused, reranked where a reranker is loaded.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use rusqlite::Transaction;

use super::{
    Index, KnowledgeBase, KnowledgeError, QueryTerms,
    chunk::with_path,
    dense::{self, best},
    fuse::{Evidence, fuse},
    snapshot::{Place, Snapshot},
};
use crate::{
    domain::{Passage, ScoredPassage},
    store::{StoreError, passages::passage},
};

/// How many candidates each side gives.
const CANDIDATES: usize = 50;
/// A word in the title or in a heading counts as much as this many in the text.
const HEADING_WEIGHT: f32 = 1.0;
/// How many passages a reranker reads.
const RERANKED: usize = 20;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchResult {
    /// The passages, best first.
    pub passages: Vec<ScoredPassage>,
    /// The question's words as they were searched for.
    pub terms: QueryTerms,
    /// The generation of the index that answered.
    pub generation: i64,
    /// Whether a reranker put the passages in order; scores are its logits then.
    pub reranked: bool,
}

impl KnowledgeBase {
    /// The `limit` best passages for a question with its vector, of documents that hold `on` that day.
    ///
    /// A reranker that fails is logged and does without: the fused order is good enough to answer from.
    ///
    /// # Errors
    /// [`KnowledgeError::Dimensions`] for another model's vector; else when the database refuses.
    pub async fn search(
        &self,
        question: &str,
        embedding: &[f32],
        limit: usize,
        on: Date,
    ) -> Result<SearchResult, KnowledgeError> {
        let expected = self.embedder.identity().dimensions;
        if embedding.len() != expected {
            return Err(KnowledgeError::Dimensions { given: embedding.len(), expected });
        }
        let index = Arc::clone(&self.index);
        let reads = if self.reranker.is_some() { limit.max(RERANKED) } else { limit };
        let query = (question.to_owned(), embedding.to_vec());
        let mut result = self
            .store
            .read(move |tx| {
                let snapshot = index.snapshots.of(tx)?;
                index.approximate.keep_up(&index, &snapshot);
                search(tx, &index, &snapshot, &query.0, &query.1, reads, on)
            })
            .await?;
        if let Some(reranker) = &self.reranker {
            let texts = result.passages.iter().map(|found| {
                let passage = &found.passage;
                with_path(&passage.title, &passage.headings, &passage.text)
            });
            match reranker.score(question, texts.collect()).await {
                Ok(scores) => {
                    for (found, score) in result.passages.iter_mut().zip(scores) {
                        found.score = score;
                    }
                    result.passages.sort_by(|a, b| b.score.total_cmp(&a.score));
                    result.reranked = true;
                }
                Err(failed) => tracing::warn!(error = %failed, "answering without the reranker"),
            }
        }
        result.passages.truncate(limit);
        Ok(result)
    }
}

fn search(
    tx: &Transaction<'_>,
    index: &Index,
    snapshot: &Snapshot,
    question: &str,
    embedding: &[f32],
    limit: usize,
    on: Date,
) -> Result<SearchResult, StoreError> {
    let speaking = snapshot.speaking(on);
    let terms = snapshot.query(question);
    let near = index
        .approximate
        .search(snapshot, embedding, &speaking, CANDIDATES)
        .unwrap_or_else(|| dense::exact(snapshot, embedding, &speaking, CANDIDATES));
    let may_speak = |place: &Place| speaking.get(place.document as usize).copied().unwrap_or(false);
    let worded: Vec<(Place, f32)> = snapshot
        .lexical(&terms.stems, HEADING_WEIGHT)
        .filter(|(place, score)| *score > 0.0 && may_speak(place))
        .collect();

    // Ordered by place, so that equal scores come out the same way every time.
    let mut found: BTreeMap<Place, Evidence> =
        near.into_iter().map(|(place, dense)| (place, Evidence { dense, ..Evidence::default() })).collect();
    for (place, _) in best(worded.clone(), CANDIDATES) {
        found.entry(place).or_insert_with(|| {
            let dense = snapshot.cosine(place, embedding).unwrap_or(0.0);
            Evidence { dense, ..Evidence::default() }
        });
    }
    for (place, lexical) in worded {
        if let Some(evidence) = found.get_mut(&place) {
            evidence.lexical = lexical;
        }
    }
    for (place, evidence) in &mut found {
        evidence.lines = snapshot.line_cosines(*place, embedding);
    }
    let (places, evidence): (Vec<Place>, Vec<Evidence>) = found.into_iter().unzip();
    let scores = fuse(&evidence);
    let mut ranked: Vec<(f32, Place, Evidence)> = scores
        .into_iter()
        .zip(places)
        .zip(evidence)
        .map(|((score, place), evidence)| (score, place, evidence))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.truncate(limit);

    let mut passages = Vec::with_capacity(ranked.len());
    for (score, place, evidence) in ranked {
        passages.extend(scored(tx, snapshot, place, score, evidence)?);
    }
    Ok(SearchResult { passages, terms, generation: snapshot.generation, reranked: false })
}

fn scored(
    tx: &Transaction<'_>,
    snapshot: &Snapshot,
    place: Place,
    score: f32,
    evidence: Evidence,
) -> Result<Option<ScoredPassage>, StoreError> {
    let (Some(id), Some(document)) =
        (snapshot.passage_id(place), snapshot.documents.get(place.document as usize))
    else {
        return Ok(None);
    };
    let Some(row) = passage(tx, id)? else { return Ok(None) };
    Ok(Some(ScoredPassage {
        passage: Passage {
            id,
            document: document.id,
            path: document.path.clone(),
            title: document.meta.title.clone(),
            headings: row.headings,
            kind: row.kind,
            text: row.text,
            validity: document.meta.validity,
        },
        score,
        fused: score,
        dense: evidence.dense,
        lexical: evidence.lexical,
    }))
}

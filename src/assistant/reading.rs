//! Reading what the search found, question in hand.
//!
//! One vector a text says what it is about; whether it holds what was asked is a matter of single words: "poli gigi
//! hari Rabu" and "poli mata hari Rabu" are nearly the same vector, and "biaya USG" lies beside "persiapan USG". So
//! the few best passages are read together with the question by a [`Reader`], which was trained to say whether a passage
//! answers and which of its lines do (`training/README.md`).

use crate::{
    ai::{AiError, PassageText, Reader, Reading},
    domain::{Passage, ScoredPassage},
    knowledge::{QueryTerms, SearchResult, joined_path},
    language::{standardize, tokens},
};

/// What the search's fused score weighs beside the reader's logit when passages are put in order: the reader tells an
/// answer from what only resembles one, the search knows which passage is about the thing. From 30 to 60 the right
/// document comes first for six in a hundred more of the tuning half; from 60 to 100 little changes.
const SEARCH: f32 = 60.0;

/// A passage that was found, and read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadPassage {
    /// As the search gave it.
    pub found: ScoredPassage,
    /// What the reader makes of it.
    pub reading: Reading,
    /// What both say together; higher is better, comparable within one question only.
    pub rank: f32,
}

/// Reads what was found and puts the passages that answer first.
///
/// # Errors
/// As [`Reader::read`].
pub async fn read(reader: &Reader, question: &str, found: SearchResult) -> Result<Vec<ReadPassage>, AiError> {
    let texts = found.passages.iter().map(|scored| text(&scored.passage)).collect();
    let readings = reader.read(&corrected(question, &found.terms), texts).await?;
    let together = |(found_passage, reading): (ScoredPassage, Reading)| {
        // A reranker's score is a logit as well.
        let search = if found.reranked { found_passage.score } else { SEARCH * found_passage.fused };
        ReadPassage { rank: reading.answers + search, found: found_passage, reading }
    };
    let mut read: Vec<ReadPassage> = found.passages.into_iter().zip(readings).map(together).collect();
    read.sort_by(|left, right| right.rank.total_cmp(&left.rank));
    Ok(read)
}

fn text(passage: &Passage) -> PassageText {
    PassageText {
        path: joined_path(&passage.title, &passage.headings),
        lines: passage.text.lines().map(str::to_owned).collect(),
    }
}

/// The question in standard spelling, typing errors mended as the search mended them.
fn corrected(question: &str, terms: &QueryTerms) -> String {
    let standard = standardize(question);
    let mut mended = String::with_capacity(standard.len());
    let mut at = 0;
    for token in tokens(&standard) {
        if let Some((_, meant)) = terms.corrections.iter().find(|(typed, _)| *typed == token.text) {
            mended.push_str(&standard[at..token.start]);
            mended.push_str(meant);
            at = token.end;
        }
    }
    mended.push_str(&standard[at..]);
    mended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DocumentId, PassageId, PassageKind, Validity};

    fn found(title: &str, text: &str, fused: f32) -> ScoredPassage {
        let passage = Passage {
            id: PassageId(1),
            document: DocumentId(1),
            path: "documents/poli.md".to_owned(),
            title: title.to_owned(),
            headings: vec!["Jadwal".to_owned()],
            kind: PassageKind::Prose,
            text: text.to_owned(),
            validity: Validity::default(),
        };
        ScoredPassage { passage, score: fused, fused, dense: fused, lexical: 0.0 }
    }

    #[tokio::test]
    async fn what_answers_comes_before_what_the_search_liked_a_little_better() {
        let passages = vec![found("Poli mata", "buka rabu", 0.90), found("Poli gigi", "buka rabu", 0.89)];
        let terms = QueryTerms {
            corrections: vec![("gihgi".to_owned(), "gigi".to_owned())],
            ..QueryTerms::default()
        };
        let found = SearchResult { passages, terms, ..SearchResult::default() };
        // The typing error is read as the search mended it.
        let read = read(&Reader::Scripted, "gihgi rabu", found).await.unwrap();
        assert_eq!(read[0].found.passage.title, "Poli gigi");
        assert!(read[0].reading.answers > 3.9 && read[0].rank > read[1].rank, "{read:?}");
    }
}

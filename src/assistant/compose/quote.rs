//! Answering in the passages' own words: choose the lines that answer, and quote them.
//!
//! With a small model this beats letting it write (the measured comparison is in `docs/evaluation.md`): nothing can
//! be invented, a wrong choice is still a true sentence of the hospital, and it costs milliseconds. A line's score is
//! its own logit from the [reading](crate::assistant::reading), plus its passage's rank: a line answers what its passage is
//! about.
//!
//! The best line decides. Lines of its passage that score nearly as well come along, mostly the condition or the
//! exception that belongs to the answer; lines of other passages only where the reader takes line and passage for answers
//! by themselves: what else was asked ("berapa, dan hari apa?"), or the same said elsewhere. The limits below were found on
//! the tuning half of the sample hospital's evaluation and on two facilities that the reader was not trained on
//! (`docs/evaluation.md`).

use crate::{
    assistant::{
        answerable::{ANSWERABLE, answerability},
        reading::ReadPassage,
    },
    domain::{Passage, PassageKind},
};

/// Words that a quotation may hold; a WhatsApp screen shows about 120.
pub const MAX_WORDS: usize = 90;
/// A sentence of the best line's passage comes along when it scores at most this much less, in logits.
pub const SAME_PASSAGE: f32 = 5.0;
/// The same for a row of its table, whose other rows are mostly of other variants: the price of a class nobody asked for
/// misleads more than a sentence too many.
pub const SAME_TABLE: f32 = 2.0;
/// The same for a line of another passage, which must be [answerable](crate::assistant::answerable) …
pub const OTHER_PASSAGE: f32 = 9.0;
/// … and the line's own logit at least this.
pub const OTHER_LINE: f32 = -1.0;
/// Passages that are quoted from at most. More add nothing to the facts measured, and a patient reads three titles already.
pub const MOST_PASSAGES: usize = 3;
/// Passages of prose that are at most this long are quoted whole: cutting them saves no reading and may lose the point.
pub const WHOLE_PASSAGE_WORDS: usize = 30;

/// A line of a passage with what speaks for it.
struct Candidate {
    /// Index among the passages given.
    passage: usize,
    /// Index among that passage's lines.
    line: usize,
    /// What the reader says of it, a logit.
    logit: f32,
    /// The same and its passage's rank.
    score: f32,
}

/// Lines quoted from one passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Index of the passage.
    pub passage: usize,
    /// Indices of its lines, in order.
    pub lines: Vec<usize>,
}

/// What is quoted: one part a passage; the first holds the best line.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotation {
    /// At least one.
    pub parts: Vec<Part>,
}

/// Every line of the passages, best first.
fn candidates(passages: &[ReadPassage]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = passages
        .iter()
        .enumerate()
        .flat_map(|(passage, read)| {
            let lines = read.reading.lines.iter().enumerate();
            lines.map(move |(line, &logit)| Candidate { passage, line, logit, score: logit + read.rank })
        })
        .collect();
    candidates.sort_by(|left, right| right.score.total_cmp(&left.score));
    candidates
}

/// Quotes the best line and what belongs to it. `None` without any line.
pub fn quote(passages: &[ReadPassage]) -> Option<Quotation> {
    let candidates = candidates(passages);
    let best = candidates.first()?;
    let line_of = |candidate: &Candidate| {
        passages[candidate.passage].found.passage.text.lines().nth(candidate.line).unwrap_or_default()
    };
    let Passage { kind, text, .. } = &passages[best.passage].found.passage;
    let same_passage = if *kind == PassageKind::Table { SAME_TABLE } else { SAME_PASSAGE };
    let whole = *kind == PassageKind::Prose && words(text) <= WHOLE_PASSAGE_WORDS;
    let mut parts = vec![Part {
        passage: best.passage,
        lines: if whole { (0..text.lines().count()).collect() } else { vec![best.line] },
    }];
    let mut spent = if whole { words(text) } else { words(line_of(best)) };
    for candidate in &candidates[1..] {
        let near = if candidate.passage == best.passage {
            candidate.score >= best.score - same_passage
        } else {
            candidate.score >= best.score - OTHER_PASSAGE
                && candidate.logit >= OTHER_LINE
                && answerability(&passages[candidate.passage]) >= ANSWERABLE
        };
        let cost = words(line_of(candidate));
        if !near || spent + cost > MAX_WORDS {
            continue;
        }
        match parts.iter().position(|part| part.passage == candidate.passage) {
            Some(at) if parts[at].lines.contains(&candidate.line) => continue,
            Some(at) => parts[at].lines.push(candidate.line),
            None if parts.len() == MOST_PASSAGES => continue,
            None => parts.push(Part { passage: candidate.passage, lines: vec![candidate.line] }),
        }
        spent += cost;
    }
    parts.iter_mut().for_each(|part| part.lines.sort_unstable());
    Some(Quotation { parts })
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The quotation as WhatsApp shows it: sentences one below the other, table rows as bullets, each passage followed by
/// the document it comes from (once where parts come from the same).
pub fn render(passages: &[ReadPassage], quotation: &Quotation) -> String {
    let mut text = String::new();
    for (at, part) in quotation.parts.iter().enumerate() {
        let passage = &passages[part.passage].found.passage;
        let lines: Vec<&str> = passage.text.lines().collect();
        for &line in &part.lines {
            if passage.kind == PassageKind::Table {
                text.push_str("• ");
            }
            text.push_str(lines[line]);
            text.push('\n');
        }
        let title = |passage: &Passage| passage.title.clone();
        let next = quotation.parts.get(at + 1).map(|next| title(&passages[next.passage].found.passage));
        if next.as_ref() != Some(&passage.title) {
            text.push_str(&format!("— _{}_\n", passage.title));
            if next.is_some() {
                text.push('\n');
            }
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ai::{PassageText, Reader},
        domain::{DocumentId, PassageId, ScoredPassage, Validity},
    };

    async fn passage(question: &str, title: &str, kind: PassageKind, text: &str) -> ReadPassage {
        let lines = text.lines().map(str::to_owned).collect();
        let text_of = PassageText { path: title.to_owned(), lines };
        let mut readings = Reader::Scripted.read(question, vec![text_of]).await.unwrap();
        let passage = Passage {
            id: PassageId(1),
            document: DocumentId(1),
            path: format!("documents/{title}.md"),
            title: title.to_owned(),
            headings: Vec::new(),
            kind,
            text: text.to_owned(),
            validity: Validity::default(),
        };
        let found = ScoredPassage { passage, score: 0.9, fused: 0.9, dense: 0.85, lexical: 1.0 };
        ReadPassage { found, reading: readings.remove(0), rank: 0.0 }
    }

    fn quoted(passages: &[ReadPassage]) -> String {
        render(passages, &quote(passages).unwrap())
    }

    const FILLER: &str =
        "Pasien menunjukkan kartu identitas kepada petugas loket sebelum naik ke lantai dua gedung utama.";

    #[tokio::test]
    async fn the_line_with_the_asked_fact_is_quoted() {
        let text = format!(
            "{FILLER}\n{FILLER}\n{FILLER}\nKolesterol total: puasa 10 jam.\nTarif kolesterol total Rp60.000."
        );
        let question = "berapa tarif kolesterol total";
        let reply = quoted(&[passage(question, "Lab", PassageKind::Prose, &text).await]);
        assert!(reply.contains("Rp60.000") && reply.ends_with("— _Lab_"), "{reply}");
        assert!(!reply.contains("loket"), "{reply}");
    }

    #[tokio::test]
    async fn what_else_is_asked_for_comes_from_another_passage() {
        let question = "yoga pemula hari, tarif";
        let hours =
            format!("Yoga pemula diadakan setiap hari Selasa pukul 16.00.\n{FILLER}\n{FILLER}\n{FILLER}");
        let passages = [
            passage(question, "Yoga", PassageKind::Prose, &hours).await,
            passage(
                question,
                "Tarif Terapi",
                PassageKind::Table,
                "Kelas: Yoga pemula; Tarif: Rp50.000\nKelas: Yoga lanjutan; Tarif: Rp65.000",
            )
            .await,
        ];
        let reply = quoted(&passages);
        assert!(
            reply.contains("Selasa") && reply.contains("• Kelas: Yoga pemula; Tarif: Rp50.000"),
            "{reply}"
        );
        assert!(reply.contains("— _Yoga_") && reply.contains("— _Tarif Terapi_"), "{reply}");
    }

    #[tokio::test]
    async fn a_short_passage_is_quoted_whole_and_a_long_one_within_the_limit() {
        let short = "Hidroterapi tidak boleh diikuti pasien demam.\nTanyakan kepada dokter.";
        let question = "siapa yang tidak boleh ikut hidroterapi";
        let reply = quoted(&[passage(question, "H", PassageKind::Prose, short).await]);
        assert!(reply.contains("demam") && reply.contains("Tanyakan"), "{reply}");
        let long =
            vec!["Hidroterapi tidak boleh diikuti pasien demam, luka terbuka, atau infeksi kulit."; 20];
        let long = passage("hidroterapi", "H", PassageKind::Prose, &long.join("\n")).await;
        let reply = quoted(&[long]);
        assert!(reply.split_whitespace().count() <= MAX_WORDS + 2, "{reply}");
    }

    #[test]
    fn without_lines_there_is_nothing_to_quote() {
        assert_eq!(quote(&[]), None);
    }
}

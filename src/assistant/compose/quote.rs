//! Answering in the passages' own words: choose the lines that answer, and quote them.
//!
//! With a small model this beats letting it write (the measured comparison is in `docs/evaluation.md`): nothing can
//! be invented, a wrong choice is still a true sentence of the hospital, and it costs milliseconds. A line's score is
//! the sum of what speaks for it, each part between 0 and 1:
//!
//! - how close the sentence model finds it to the question (cosine, scaled from the model's usual range);
//! - how many of the question's content words it holds, its headings counted, each weighted by how rare it is among
//!   the candidates;
//! - whether it states a fact of the kind that is asked for ([`Asked`]).
//!
//! The best line decides the passage; its neighbours come along while they score nearly as well, so that "Sabtu" is
//! quoted with its hours and a list with its introduction.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{Passage, PassageKind, ScoredPassage},
    language::{Asked, content_stems, facts},
};

/// Words that a quotation may hold; a WhatsApp screen shows about 120.
pub const MAX_WORDS: usize = 90;
/// A neighbouring line comes along when it scores at least this share of the best line.
///
/// 0.72: on the tuning half of the sample hospital's evaluation, the smallest value at which facts present stopped
/// growing.
pub const KEEP_SHARE: f32 = 0.72;
/// Passages at most this long are quoted whole: cutting them saves no reading and may lose the point.
pub const WHOLE_PASSAGE_WORDS: usize = 45;

/// A line of a passage with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index among the passages given.
    pub passage: usize,
    /// Index among that passage's lines.
    pub line: usize,
    /// The sum described above, 0..=3.
    pub score: f32,
    /// Share of the question's content words (weighted by rarity) that the line and its headings hold.
    pub coverage: f32,
}

/// What is quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotation {
    /// Index of the passage.
    pub passage: usize,
    /// The quoted lines, in the passage's order.
    pub lines: Vec<String>,
    /// The best line's score.
    pub score: f32,
    /// The best line's coverage.
    pub coverage: f32,
}

/// Scores every line of the passages.
pub fn candidates(question: &str, passages: &[ScoredPassage]) -> Vec<Candidate> {
    let wanted: HashSet<String> = content_stems(question).into_iter().collect();
    let asked = Asked::of(question);
    let mut lines = Vec::new();
    let mut held_by: HashMap<&String, usize> = HashMap::new();
    for (at, scored) in passages.iter().enumerate() {
        let passage = &scored.passage;
        let path = format!("{} {}", passage.title, passage.headings.join(" "));
        let above: HashSet<String> = content_stems(&path).into_iter().collect();
        for (line, text) in passage.text.lines().enumerate() {
            let own: HashSet<String> = content_stems(text).into_iter().collect();
            for stem in wanted.iter().filter(|stem| own.contains(*stem) || above.contains(*stem)) {
                *held_by.entry(stem).or_default() += 1;
            }
            lines.push((at, line, text, own, above.clone()));
        }
    }
    let total = lines.len() as f32;
    // A word that every candidate holds tells nothing; one that none holds still counts as asked for.
    let weight = |stem: &String| {
        let holding = held_by.get(stem).copied().unwrap_or(0) as f32;
        (1.0 + (total - holding + 0.5) / (holding + 0.5)).ln()
    };
    let all: f32 = wanted.iter().map(&weight).sum();
    lines
        .into_iter()
        .map(|(at, line, text, own, above)| {
            let held: f32 = wanted
                .iter()
                .map(|stem| match (own.contains(stem), above.contains(stem)) {
                    (true, _) => weight(stem),
                    (false, true) => 0.7 * weight(stem),
                    (false, false) => 0.0,
                })
                .sum();
            let coverage = if all > 0.0 { held / all } else { 0.0 };
            let cosine = passages[at].lines.get(line).copied().unwrap_or(passages[at].dense);
            let near = ((cosine - 0.75) / 0.2).clamp(0.0, 1.0);
            let kind = match asked.answered_by(&facts(text)) {
                Some(true) => 0.5,
                Some(false) => 0.0,
                None => 0.25,
            };
            Candidate { passage: at, line, score: near + coverage + kind, coverage }
        })
        .collect()
}

/// Quotes the best line and what belongs to it. `None` without any line.
pub fn quote(passages: &[ScoredPassage], candidates: &[Candidate]) -> Option<Quotation> {
    // The search's own order breaks ties and counts: the first passage is likelier right than the fourth.
    let standing = |candidate: &Candidate| candidate.score - 0.08 * candidate.passage as f32;
    let best = candidates.iter().max_by(|left, right| standing(left).total_cmp(&standing(right)))?;
    let passage = &passages[best.passage].passage;
    let lines: Vec<&str> = passage.text.lines().collect();
    let words_of = |line: usize| lines[line].split_whitespace().count();
    let whole: usize = (0..lines.len()).map(words_of).sum();
    let mut chosen: Vec<usize> = Vec::new();
    if whole <= WHOLE_PASSAGE_WORDS && passage.kind == PassageKind::Prose {
        chosen = (0..lines.len()).collect();
    } else {
        let mut own: Vec<&Candidate> =
            candidates.iter().filter(|candidate| candidate.passage == best.passage).collect();
        own.sort_by(|left, right| right.score.total_cmp(&left.score));
        let mut spent = 0;
        for candidate in own {
            let cost = words_of(candidate.line);
            let fits = chosen.is_empty() || spent + cost <= MAX_WORDS;
            if fits && candidate.score >= KEEP_SHARE * best.score {
                spent += cost;
                chosen.push(candidate.line);
            }
        }
        chosen.sort_unstable();
    }
    Some(Quotation {
        passage: best.passage,
        lines: chosen.into_iter().map(|line| lines[line].to_owned()).collect(),
        score: best.score,
        coverage: best.coverage,
    })
}

/// The quotation as WhatsApp shows it: sentences one below the other, table rows and lists as bullets, and the
/// document it comes from.
pub fn render(passage: &Passage, quotation: &Quotation) -> String {
    let mut text = String::new();
    for line in &quotation.lines {
        if passage.kind == PassageKind::Table {
            text.push_str("• ");
        }
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("— _");
    text.push_str(&passage.title);
    text.push('_');
    text
}

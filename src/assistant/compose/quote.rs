//! Answering in the passages' own words: choose the lines that answer, and quote them.
//!
//! With a small model this beats letting it write (the measured comparison is in `docs/evaluation.md`): nothing can
//! be invented, a wrong choice is still a true sentence of the hospital, and it costs milliseconds. A line's score is
//! the sum of what speaks for it:
//!
//! - how well it, with its headings, meets each word of the question ([`Alignment`]), scaled from the usual range of
//!   such cosines and counted twice;
//! - how close the sentence model finds it to the question (cosine, scaled likewise);
//! - how many of the question's content words it holds, its headings counted, each weighted by how rare it is among
//!   the candidates;
//! - whether it states a fact of the kind that is asked for ([`Asked`]).
//!
//! The best line decides the passage; its neighbours come along while they score nearly as well. What else the question
//! asks for ("berapa, dan hari apa?") and none of them states, the next best line that does is added for, from another
//! passage if need be.
//!
//! Found on the tuning half of the sample hospital's evaluation (86 questions; right facts in the lines quoted from six
//! passages): cosine, words and kind alone 69, alignment added once 73, twice 77; from four passages 72.

use std::collections::{HashMap, HashSet};

use crate::{
    assistant::alignment::Alignment,
    domain::{Passage, PassageKind, ScoredPassage},
    language::{Asked, content_stems, facts},
};

/// Words that a quotation may hold; a WhatsApp screen shows about 120.
pub const MAX_WORDS: usize = 90;
/// A neighbouring line comes along when it scores at most this much less than the best line. Between .4 and .8 the
/// tuning half's facts differ by one in a hundred; the larger value brings seven words more, mostly the condition or the
/// exception that belongs to the answer.
pub const KEEP_WITHIN: f32 = 0.8;
/// The same for a line that is added because it states what else was asked for.
pub const ADD_WITHIN: f32 = 1.6;
/// Passages at most this long are quoted whole: cutting them saves no reading and may lose the point.
pub const WHOLE_PASSAGE_WORDS: usize = 45;
/// How much a heading counts beside the line itself for a word that is asked for.
const HEADING_SHARE: f32 = 0.7;
/// The score of a line that states the kind of fact that is asked for; without it, the same below zero.
const FIT: f32 = 0.5;

/// A line of a passage with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index among the passages given.
    pub passage: usize,
    /// Index among that passage's lines.
    pub line: usize,
    /// The sum described above.
    pub score: f32,
    /// Share of the question's content words (weighted by rarity) that the line and its headings hold.
    pub coverage: f32,
    /// How well it meets each of the question's words; see [`Alignment`].
    pub alignment: f32,
    /// Cosine of question and line.
    pub cosine: f32,
    /// What of the kinds that the question asks for its facts can answer; see [`Asked::answered_by`].
    pub fits: Vec<Option<bool>>,
}

/// Lines quoted from one passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Index of the passage.
    pub passage: usize,
    /// Indices of its lines, in order.
    pub lines: Vec<usize>,
}

/// What is quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotation {
    /// One part a passage; the first holds the best line.
    pub parts: Vec<Part>,
    /// The best line.
    pub best: Candidate,
}

/// Scores every line of the passages for a question that asks for `asked`, most telling kind first.
pub fn candidates(
    question: &str,
    asked: &[Asked],
    passages: &[ScoredPassage],
    alignment: &Alignment,
) -> Vec<Candidate> {
    let wanted: HashSet<String> = content_stems(question).into_iter().collect();
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
                    (false, true) => HEADING_SHARE * weight(stem),
                    (false, false) => 0.0,
                })
                .sum();
            let coverage = if all > 0.0 { held / all } else { 0.0 };
            let cosine = passages[at].lines.get(line).copied().unwrap_or(passages[at].dense);
            let aligned = alignment.lines.get(at).and_then(|lines| lines.get(line));
            let aligned = aligned.copied().unwrap_or(cosine);
            let stated = facts(text);
            let fits: Vec<Option<bool>> = asked.iter().map(|kind| kind.answered_by(&stated)).collect();
            let score =
                scaled(cosine) + 2.0 * scaled(aligned) + coverage + fit(fits.first().copied().flatten());
            Candidate { passage: at, line, score, coverage, alignment: aligned, cosine, fits }
        })
        .collect()
}

/// A cosine of this family of models, 0 at .75 (unrelated) and 1 at .95 (the same in other words).
fn scaled(cosine: f32) -> f32 {
    (cosine - 0.75) / 0.2
}

fn fit(fits: Option<bool>) -> f32 {
    match fits {
        Some(true) => FIT,
        Some(false) => -FIT,
        None => 0.0,
    }
}

/// Quotes the best line and what belongs to it. `None` without any line.
pub fn quote(passages: &[ScoredPassage], candidates: &[Candidate]) -> Option<Quotation> {
    let best = candidates.iter().max_by(|left, right| left.score.total_cmp(&right.score))?;
    let passage = &passages[best.passage].passage;
    let lines: Vec<&str> = passage.text.lines().collect();
    let words_of = |line: &str| line.split_whitespace().count();
    let whole: usize = lines.iter().map(|line| words_of(line)).sum();
    let mut chosen: Vec<usize> = Vec::new();
    let mut spent = 0;
    if whole <= WHOLE_PASSAGE_WORDS && passage.kind == PassageKind::Prose {
        chosen = (0..lines.len()).collect();
        spent = whole;
    } else {
        let mut own: Vec<&Candidate> =
            candidates.iter().filter(|candidate| candidate.passage == best.passage).collect();
        own.sort_by(|left, right| right.score.total_cmp(&left.score));
        for candidate in own {
            let cost = words_of(lines[candidate.line]);
            let fits = chosen.is_empty() || spent + cost <= MAX_WORDS;
            if fits && candidate.score >= best.score - KEEP_WITHIN {
                spent += cost;
                chosen.push(candidate.line);
            }
        }
    }
    let mut parts = vec![Part { passage: best.passage, lines: chosen }];
    for kind in 0..best.fits.len() {
        let stated = |part: &Part| {
            candidates.iter().any(|candidate| {
                candidate.passage == part.passage
                    && part.lines.contains(&candidate.line)
                    && candidate.fits[kind] != Some(false)
            })
        };
        if parts.iter().any(stated) {
            continue;
        }
        // Judged by this kind instead of the first.
        let score = |candidate: &Candidate| {
            candidate.score - fit(candidate.fits.first().copied().flatten()) + fit(candidate.fits[kind])
        };
        let further = candidates
            .iter()
            .filter(|candidate| candidate.fits[kind] == Some(true))
            .max_by(|left, right| score(left).total_cmp(&score(right)));
        let Some(further) = further.filter(|further| score(further) >= best.score - ADD_WITHIN) else {
            continue;
        };
        let text = passages[further.passage].passage.text.lines().nth(further.line).unwrap_or_default();
        if spent + words_of(text) > MAX_WORDS {
            continue;
        }
        spent += words_of(text);
        match parts.iter_mut().find(|part| part.passage == further.passage) {
            Some(part) => part.lines.push(further.line),
            None => parts.push(Part { passage: further.passage, lines: vec![further.line] }),
        }
    }
    parts.iter_mut().for_each(|part| part.lines.sort_unstable());
    Some(Quotation { parts, best: best.clone() })
}

/// The quotation as WhatsApp shows it: sentences one below the other, table rows as bullets, each passage followed by
/// the document it comes from (once where parts come from the same).
pub fn render(passages: &[ScoredPassage], quotation: &Quotation) -> String {
    let mut text = String::new();
    for (at, part) in quotation.parts.iter().enumerate() {
        let passage = &passages[part.passage].passage;
        let lines: Vec<&str> = passage.text.lines().collect();
        for &line in &part.lines {
            if passage.kind == PassageKind::Table {
                text.push_str("• ");
            }
            text.push_str(lines[line]);
            text.push('\n');
        }
        let title = |passage: &Passage| passage.title.clone();
        let next = quotation.parts.get(at + 1).map(|next| title(&passages[next.passage].passage));
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
    use crate::domain::{DocumentId, PassageId, Validity};

    fn passage(title: &str, kind: PassageKind, text: &str) -> ScoredPassage {
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
        ScoredPassage { passage, score: 0.9, dense: 0.85, lexical: 1.0, lines: Vec::new() }
    }

    fn quoted(question: &str, passages: &[ScoredPassage]) -> String {
        let candidates = candidates(question, &Asked::all_of(question), passages, &Alignment::default());
        render(passages, &quote(passages, &candidates).unwrap())
    }

    const FILLER: &str =
        "Pasien menunjukkan kartu identitas kepada petugas loket sebelum naik ke lantai dua gedung utama.";

    #[test]
    fn the_line_with_the_asked_fact_is_quoted() {
        let text = format!(
            "{FILLER}\n{FILLER}\n{FILLER}\nKolesterol total: puasa 10 jam.\nTarif kolesterol total Rp60.000."
        );
        let reply = quoted("berapa tarif kolesterol total", &[passage("Lab", PassageKind::Prose, &text)]);
        assert!(reply.contains("Rp60.000") && reply.ends_with("— _Lab_"), "{reply}");
        assert!(!reply.contains("loket"), "{reply}");
    }

    #[test]
    fn what_else_is_asked_for_comes_from_another_passage() {
        let hours = format!("Yoga pemula diadakan setiap Selasa pukul 16.00.\n{FILLER}\n{FILLER}\n{FILLER}");
        let passages = [
            passage("Yoga", PassageKind::Prose, &hours),
            passage("Tarif Terapi", PassageKind::Table, "Kelas: Yoga pemula; Tarif: Rp50.000"),
        ];
        let reply = quoted("yoga pemula hari apa dan berapa biayanya", &passages);
        assert!(
            reply.contains("Selasa") && reply.contains("• Kelas: Yoga pemula; Tarif: Rp50.000"),
            "{reply}"
        );
        assert!(reply.contains("— _Yoga_") && reply.contains("— _Tarif Terapi_"), "{reply}");
    }

    #[test]
    fn a_short_passage_is_quoted_whole_and_a_long_one_within_the_limit() {
        let short = "Hidroterapi tidak boleh diikuti pasien demam.\nTanyakan kepada dokter.";
        let reply =
            quoted("siapa yang tidak boleh ikut hidroterapi", &[passage("H", PassageKind::Prose, short)]);
        assert!(reply.contains("demam") && reply.contains("Tanyakan"), "{reply}");
        let long =
            vec!["Hidroterapi tidak boleh diikuti pasien demam, luka terbuka, atau infeksi kulit."; 20];
        let reply = quoted("hidroterapi", &[passage("H", PassageKind::Prose, &long.join("\n"))]);
        assert!(reply.split_whitespace().count() <= MAX_WORDS + 2, "{reply}");
    }

    #[test]
    fn without_lines_there_is_nothing_to_quote() {
        assert_eq!(quote(&[], &[]), None);
    }
}

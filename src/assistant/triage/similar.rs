//! Emergencies by meaning: what no rule foresaw, but lies nearer to the emergencies than to the harmless among the
//! hospital's example sentences.
//!
//! Embeddings of one short sentence each are near each other whatever they say (cosines of .75 to .95 with
//! multilingual-e5-small), so the nearest example alone tells little. All of them together tell: kernel ridge regression
//! (Saunders, Gammerman and Vovk 1998, ridge regression in dual variables) gives each example a weight so
//! that `Σ weight · exp(-5 ‖message - example‖²)` is near 1 for emergencies and near 0 for harmless sentences, both sides
//! weighing the same in sum and questions about services twice as much as complaints. What resembles nothing reads as 0. It
//! is fitted at start in under a second. The nearest emergency names the rule.
//!
//! How ridge, fall and threshold were chosen (2026-11, multilingual-e5-small, 3,268 sentences: those of the shipped files and
//! the approved answers' questions; ten-fold cross-validation of this step alone, without the rules and their excuses; the
//! last column is the share of 380 everyday questions to two hospitals that none of the examples come from):
//!
//! | threshold, ridge 2e-5 | emergencies | complaints | questions | questions elsewhere |
//! |---|---|---|---|---|
//! | .35 | .940 | .219 | .042 | .013 |
//! | .4 | .905 | .165 | .022 | .008 |
//! | **.45** | **.874** | **.118** | **.013** | **.008** |
//! | .5 | .828 | .077 | .007 | .003 |
//! | .55 | .778 | .046 | .003 | .003 |
//!
//! A ridge of 5e-5 finds .888 at .45 for .152 of the complaints, a fall of 7 (ridge 5e-5) .873 for .139. A linear reading of
//! the embedding, used before with 700 fewer questions among the examples, found .765 for .127 of the complaints and .029
//! of the questions elsewhere. Rules and this step together: `tests/triage.rs`. Another embedder needs its own threshold.

use std::sync::Arc;

use rayon::prelude::*;

use super::rules::{Rules, SimilarityOptions};
use crate::ai::{AiError, dot, dots};

/// A sentence of the rules' files, to be embedded as a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The sentence.
    pub text: String,
    /// What it shows.
    pub shows: Shows,
}

/// What an example shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// An emergency, and the rule it belongs to.
    Emergency(Arc<str>),
    /// An ordinary complaint.
    Complaint,
    /// A question about the hospital, or any other look-alike.
    Question,
}

/// The residual, of what it was, at which the weights are good enough: readings are right to three places then (under a
/// hundred steps for 3,300 examples).
const TOLERANCE: f32 = 1e-4;
/// Where it ends in any case.
const MOST_STEPS: usize = 400;
/// How fast likeness falls with the squared distance of unit vectors, `2 - 2·cosine`.
const FALL: f32 = 5.0;

#[derive(Debug)]
pub(super) struct Similarity {
    options: SimilarityOptions,
    examples: Vec<Example>,
    /// Unit vectors and their weights, one an example; none until the vectors are known.
    vectors: Vec<Vec<f32>>,
    weights: Vec<f32>,
}

impl Similarity {
    pub fn new(rules: &Rules) -> Self {
        let mut examples = Vec::new();
        let mut add = |texts: &[String], shows: Shows| {
            examples.extend(texts.iter().map(|text| Example { text: text.clone(), shows: shows.clone() }));
        };
        for rule in &rules.rules {
            add(&rule.examples, Shows::Emergency(rule.alarm.rule.clone()));
            add(&rule.harmless, Shows::Question);
        }
        add(&rules.complaints, Shows::Complaint);
        add(&rules.questions, Shows::Question);
        Self { options: rules.similarity, examples, vectors: Vec::new(), weights: Vec::new() }
    }

    pub fn add_questions(&mut self, questions: Vec<String>) {
        self.examples.extend(questions.into_iter().map(|text| Example { text, shows: Shows::Question }));
    }

    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    pub fn fit(&mut self, vectors: Vec<Vec<f32>>) -> Result<(), AiError> {
        assert_eq!(vectors.len(), self.examples.len(), "one vector an example, in their order");
        let (targets, counts): (Vec<f32>, Vec<f32>) = self
            .examples
            .iter()
            .map(|example| match example.shows {
                Shows::Emergency(_) => (1.0, 1.0),
                Shows::Complaint => (0.0, 1.0),
                Shows::Question => (0.0, 2.0),
            })
            .unzip();
        self.weights = kernel_ridge(&vectors, &targets, &counts, self.options.ridge)?;
        self.vectors = vectors;
        Ok(())
    }

    /// The rule of the nearest emergency, if the message lies on the emergencies' side.
    pub fn emergency(&self, embedding: &[f32]) -> Option<&Arc<str>> {
        let (mut reading, mut nearest) = (0.0, None);
        for ((example, vector), weight) in self.examples.iter().zip(&self.vectors).zip(&self.weights) {
            let cosine = dot(vector, embedding);
            reading += weight * likeness(cosine);
            if let Shows::Emergency(rule) = &example.shows
                && nearest.is_none_or(|(best, _)| cosine > best)
            {
                nearest = Some((cosine, rule));
            }
        }
        nearest.filter(|_| reading >= self.options.threshold).map(|(_, rule)| rule)
    }
}

fn likeness(cosine: f32) -> f32 {
    (-FALL * (2.0 - 2.0 * cosine)).exp()
}

/// Weights `a` with `(K + ridge·n·C⁻¹) a = targets`, where `K` holds the likeness of every two vectors and `C` how much
/// each counts, scaled so that positive and other targets count the same in sum. Solved by conjugate gradients, each
/// equation divided by its diagonal (Shewchuk 1994, B3). Zeros if one side is empty.
fn kernel_ridge(
    vectors: &[Vec<f32>],
    targets: &[f32],
    counts: &[f32],
    ridge: f32,
) -> Result<Vec<f32>, AiError> {
    let n = vectors.len();
    let side = |positive: bool| {
        let of_side = targets.iter().zip(counts).filter(|(target, _)| (**target > 0.0) == positive);
        of_side.map(|(_, count)| count).sum::<f32>()
    };
    let (positive, other) = (side(true), side(false));
    let mut weights = vec![0.0; n];
    if positive == 0.0 || other == 0.0 {
        return Ok(weights);
    }
    let mut kernel = dots(vectors)?;
    kernel.par_chunks_mut(n).enumerate().for_each(|(row, cosines)| {
        cosines.iter_mut().for_each(|cosine| *cosine = likeness(*cosine));
        let of_side = if targets[row] > 0.0 { positive } else { other };
        cosines[row] += ridge * 2.0 * of_side / counts[row];
    });
    let scaled = |values: &[f32]| -> Vec<f32> {
        values.iter().enumerate().map(|(row, value)| value / kernel[row * n + row]).collect()
    };
    let mut residual = targets.to_vec();
    let mut step = scaled(&residual);
    let mut error = dot(&residual, &step);
    let enough = error * TOLERANCE * TOLERANCE;
    for _ in 0..MOST_STEPS {
        if error <= enough {
            break;
        }
        let moved: Vec<f32> = kernel.par_chunks(n).map(|row| dot(row, &step)).collect();
        let length = error / dot(&step, &moved);
        weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight += length * step);
        residual.iter_mut().zip(&moved).for_each(|(residual, moved)| *residual -= length * moved);
        let preconditioned = scaled(&residual);
        let before = std::mem::replace(&mut error, dot(&residual, &preconditioned));
        step.iter_mut().zip(&preconditioned).for_each(|(step, new)| *step = new + error / before * *step);
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(angle: f32) -> Vec<f32> {
        vec![angle.cos(), angle.sin()]
    }

    fn read(vectors: &[Vec<f32>], weights: &[f32], angle: f32) -> f32 {
        vectors.iter().zip(weights).map(|(vector, weight)| weight * likeness(dot(vector, &unit(angle)))).sum()
    }

    #[test]
    fn what_lies_between_harmless_examples_is_harmless() {
        // Emergencies at .5 and 1.5, harmless between and around: no line tells them apart.
        let angles = [0.0, 0.5, 1.0, 1.5, 2.0];
        let vectors = angles.map(unit);
        let weights = kernel_ridge(&vectors, &[0.0, 1.0, 0.0, 1.0, 0.0], &[1.0; 5], 1e-4).unwrap();
        for (angle, wanted) in [(0.5, 1.0), (1.5, 1.0), (0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.01, 0.0)] {
            let read = read(&vectors, &weights, angle);
            assert!((read - wanted).abs() < 0.05, "{read} at {angle}");
        }
        // Far from everything there is no alarm.
        assert!(read(&vectors, &weights, 4.4).abs() < 0.2);
    }

    #[test]
    fn the_same_sentence_on_both_sides_reads_as_half_whatever_their_number() {
        let vectors = vec![unit(0.3); 5];
        let weights =
            kernel_ridge(&vectors, &[1.0, 0.0, 0.0, 0.0, 0.0], &[1.0, 1.0, 1.0, 2.0, 1.0], 1e-3).unwrap();
        let read = read(&vectors, &weights, 0.3);
        assert!((read - 0.5).abs() < 0.01, "{read}");
    }

    #[test]
    fn one_side_alone_reads_nothing() {
        assert_eq!(kernel_ridge(&[vec![1.0]], &[1.0], &[1.0], 0.1).unwrap(), [0.0]);
        assert_eq!(kernel_ridge(&[], &[], &[], 0.1).unwrap(), [0f32; 0]);
    }
}

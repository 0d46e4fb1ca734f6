//! Emergencies by meaning: what no rule foresaw, but lies on the emergencies' side of the hospital's example sentences.
//!
//! Embeddings of one short sentence each are near each other whatever they say (cosines of .75 to .95 with
//! multilingual-e5-small), so distances to examples alone tell little. A linear reading of the embedding does: one
//! weight a dimension and an offset, fitted at start by ridge regression to +1 for examples of emergencies and -1 for
//! harmless ones, both sides weighing the same in sum and questions about services twice as much as complaints. It
//! takes well under a second and no training files. The nearest example names the rule.
//!
//! How ridge and threshold were chosen (2026-11, multilingual-e5-small, 2,550 sentences: those of the shipped files and
//! the approved answers' questions; ten-fold cross-validation of this step alone, without the rules' excuses; the last
//! column is the share of the 149 emergencies that the rules miss):
//!
//! | threshold, ridge 1e-4 | emergencies | complaints | questions | missed by the rules |
//! |---|---|---|---|---|
//! | .25 | .904 | .353 | .058 | .93 |
//! | .4 | .834 | .195 | .020 | .87 |
//! | **.5** | **.754** | **.128** | **.013** | **.83** |
//! | .6 | .666 | .081 | .008 | .74 |
//! | .8 | .469 | .027 | .002 | .56 |
//!
//! A ridge of 2e-4 finds .732 at .5, 5e-4 .689: more only costs. The mean of the three nearest examples of each side, tried
//! first on 1,045 sentences, gave .86 / .12 / .042 at its best margin where the ridge gave .83 / .14 / .042. Rules and
//! this step together: `tests/triage.rs`. Another embedder needs its own threshold.

use std::sync::Arc;

use super::rules::{Rules, SimilarityOptions};
use crate::ai::dot;

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

#[derive(Debug)]
pub(super) struct Similarity {
    options: SimilarityOptions,
    examples: Vec<Example>,
    vectors: Vec<Vec<f32>>,
    /// One weight a dimension and the offset; none until the vectors are known.
    reading: Option<(Vec<f32>, f32)>,
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
        Self { options: rules.similarity, examples, vectors: Vec::new(), reading: None }
    }

    pub fn add_questions(&mut self, questions: Vec<String>) {
        self.examples.extend(questions.into_iter().map(|text| Example { text, shows: Shows::Question }));
    }

    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    pub fn fit(&mut self, vectors: Vec<Vec<f32>>) {
        assert_eq!(vectors.len(), self.examples.len(), "one vector an example, in their order");
        let samples: Vec<(f64, f64, &[f32])> = self
            .examples
            .iter()
            .zip(&vectors)
            .map(|(example, vector)| match example.shows {
                Shows::Emergency(_) => (1.0, 1.0, vector.as_slice()),
                Shows::Complaint => (-1.0, 1.0, vector.as_slice()),
                Shows::Question => (-1.0, 2.0, vector.as_slice()),
            })
            .collect();
        self.reading = ridge_regression(&samples, f64::from(self.options.ridge));
        self.vectors = vectors;
    }

    /// The rule of the nearest example, if the message lies on the emergencies' side.
    pub fn emergency(&self, embedding: &[f32]) -> Option<&Arc<str>> {
        let (weights, offset) = self.reading.as_ref()?;
        if embedding.len() != weights.len() || dot(weights, embedding) + offset < self.options.threshold {
            return None;
        }
        let rules =
            self.examples.iter().zip(&self.vectors).filter_map(|(example, vector)| match &example.shows {
                Shows::Emergency(rule) => Some((dot(vector, embedding), rule)),
                Shows::Complaint | Shows::Question => None,
            });
        rules.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, rule)| rule)
    }
}

/// Weights and offset that read the targets off the vectors with the least weighted squared error and short weights:
/// `(X'WX + ridge·n·I) b = X'Wy` on centred data, by Cholesky. Samples are (target, weight, vector); each side's
/// weights are scaled to the same sum. `None` if a side is empty or the vectors differ in length.
fn ridge_regression(samples: &[(f64, f64, &[f32])], ridge: f64) -> Option<(Vec<f32>, f32)> {
    let n = samples.len() as f64;
    let size = samples.first()?.2.len();
    let sum_of =
        |positive: bool| samples.iter().filter(|s| (s.0 > 0.0) == positive).map(|s| s.1).sum::<f64>();
    let (positive, negative) = (sum_of(true), sum_of(false));
    if positive == 0.0 || negative == 0.0 || samples.iter().any(|s| s.2.len() != size) {
        return None;
    }
    let weight = |s: &(f64, f64, &[f32])| s.1 * n / 2.0 / if s.0 > 0.0 { positive } else { negative };
    let mut mean = vec![0.0; size];
    for sample in samples {
        mean.iter_mut().zip(sample.2).for_each(|(m, &x)| *m += f64::from(x) / n);
    }
    let mean_target = samples.iter().map(|s| weight(s) * s.0).sum::<f64>() / n;
    let mut matrix = vec![0.0; size * size];
    let mut right = vec![0.0; size];
    let mut centred = vec![0.0; size];
    for sample in samples {
        centred.iter_mut().zip(sample.2.iter().zip(&mean)).for_each(|(c, (&x, m))| *c = f64::from(x) - m);
        let w = weight(sample);
        for i in 0..size {
            let scaled = w * centred[i];
            right[i] += scaled * (sample.0 - mean_target);
            matrix[i * size..=i * size + i]
                .iter_mut()
                .zip(&centred)
                .for_each(|(cell, c)| *cell += scaled * c);
        }
    }
    for i in 0..size {
        matrix[i * size + i] += ridge * n;
    }
    solve_cholesky(&mut matrix, &mut right, size);
    let offset = mean_target - right.iter().zip(&mean).map(|(b, m)| b * m).sum::<f64>();
    Some((right.into_iter().map(|b| b as f32).collect(), offset as f32))
}

/// Solves `A x = b` in place for a symmetric positive definite `A`, of which the lower triangle is given.
fn solve_cholesky(a: &mut [f64], b: &mut [f64], size: usize) {
    for i in 0..size {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| a[i * size + k] * a[j * size + k]).sum();
            let rest = a[i * size + j] - known;
            a[i * size + j] = if i == j { rest.sqrt() } else { rest / a[j * size + j] };
        }
        let known: f64 = (0..i).map(|k| a[i * size + k] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * size + i];
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| a[k * size + i] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * size + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_relation_is_found_again() {
        // Targets are the sign of the first axis; the second is noise both sides share.
        let vectors: Vec<Vec<f32>> =
            (0..40).map(|i| vec![if i % 2 == 0 { 0.5 } else { -0.5 }, (i % 5) as f32]).collect();
        let samples: Vec<_> = vectors.iter().map(|v| (f64::from(v[0].signum()), 1.0, v.as_slice())).collect();
        let (weights, offset) = ridge_regression(&samples, 1e-6).expect("both sides are there");
        for vector in &vectors {
            assert!((dot(&weights, vector) + offset - vector[0].signum()).abs() < 0.01);
        }
    }

    #[test]
    fn one_side_alone_reads_nothing() {
        assert_eq!(ridge_regression(&[(1.0, 1.0, &[1.0])], 0.1), None);
        assert_eq!(ridge_regression(&[], 0.1), None);
    }
}

//! From logits to the next token.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// 0 takes the likeliest token every time; above, logits are divided by it before one is drawn.
    pub temperature: f32,
    /// Draw from the likeliest tokens that together reach this probability; 1 draws from all.
    pub top_p: f32,
    /// The same seed gives the same answer.
    pub seed: u64,
    /// Logits of tokens already in the answer are divided by this if positive, multiplied if negative (Keskar et al.,
    /// CTRL, 2019); 1 leaves them.
    pub repetition_penalty: f32,
}

impl Sampling {
    /// The likeliest token every time.
    pub const GREEDY: Self = Self { temperature: 0.0, top_p: 1.0, seed: 0, repetition_penalty: 1.0 };
}

impl Default for Sampling {
    fn default() -> Self {
        Self::GREEDY
    }
}

/// Draws tokens for one answer.
pub struct Sampler {
    sampling: Sampling,
    random: StdRng,
}

impl Sampler {
    /// A sampler at the start of an answer.
    pub fn new(sampling: Sampling) -> Self {
        Self { sampling, random: StdRng::seed_from_u64(sampling.seed) }
    }

    /// The next token, given the logits of the whole vocabulary and the answer so far.
    pub fn next(&mut self, logits: &mut [f32], answer: &[u32]) -> u32 {
        if self.sampling.repetition_penalty != 1.0 {
            self.penalise(logits, answer);
        }
        if self.sampling.temperature <= 0.0 {
            return argmax(logits);
        }
        self.draw(logits)
    }

    fn penalise(&self, logits: &mut [f32], answer: &[u32]) {
        let mut seen = answer.to_vec();
        seen.sort_unstable();
        seen.dedup();
        for id in seen {
            if let Some(logit) = logits.get_mut(id as usize) {
                let penalty = self.sampling.repetition_penalty;
                *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
            }
        }
    }

    fn draw(&mut self, logits: &[f32]) -> u32 {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = |logit: f32| f64::from((logit - highest) / self.sampling.temperature).exp();
        // What is a billion times less likely than the best is never drawn; leaving it out keeps the sort short.
        let mut candidates: Vec<(u32, f64)> = (0..)
            .zip(logits)
            .map(|(id, &logit)| (id, weight(logit)))
            .filter(|(_, weight)| *weight > 1e-9)
            .collect();
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let total: f64 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut kept = 0.0;
        let enough = f64::from(self.sampling.top_p) * total;
        let nucleus = candidates.iter().take_while(|(_, weight)| {
            let wanted = kept < enough || kept == 0.0;
            kept += weight;
            wanted
        });
        let nucleus: Vec<_> = nucleus.collect();
        let mass: f64 = nucleus.iter().map(|(_, weight)| weight).sum();
        let mut left = self.random.random::<f64>() * mass;
        for (id, weight) in &nucleus {
            left -= weight;
            if left <= 0.0 {
                return *id;
            }
        }
        nucleus.last().map_or_else(|| argmax(logits), |(id, _)| *id)
    }
}

/// The index of the highest logit, the first of equals.
pub fn argmax(logits: &[f32]) -> u32 {
    let best = (0..)
        .zip(logits)
        .fold((0, f32::NEG_INFINITY), |best, (id, &logit)| if logit > best.1 { (id, logit) } else { best });
    best.0
}

/// Natural logarithms of the probabilities that `logits` stand for, at the given ids.
pub fn log_probabilities(logits: &[f32], ids: &[u32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
    let log_total = f64::from(highest) + total.ln();
    let at = |&id: &u32| (f64::from(logits[id as usize]) - log_total) as f32;
    ids.iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 5] = [0.5, 2.0, 1.0, -1.0, 1.9];

    fn frequencies(sampling: Sampling) -> [f64; 5] {
        let mut sampler = Sampler::new(sampling);
        let mut counts = [0.0; 5];
        for _ in 0..20_000 {
            counts[sampler.next(&mut LOGITS.clone(), &[]) as usize] += 1.0 / 20_000.0;
        }
        counts
    }

    #[test]
    fn zero_temperature_takes_the_best_and_the_first_of_equals() {
        assert_eq!(Sampler::new(Sampling::GREEDY).next(&mut LOGITS.clone(), &[]), 1);
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
    }

    #[test]
    fn tokens_are_drawn_as_often_as_they_are_likely() {
        let drawn = frequencies(Sampling { temperature: 0.7, seed: 3, ..Sampling::GREEDY });
        let total: f64 = LOGITS.iter().map(|x| (f64::from(*x) / 0.7).exp()).sum();
        for (drawn, logit) in drawn.iter().zip(LOGITS) {
            assert!((drawn - (f64::from(logit) / 0.7).exp() / total).abs() < 0.015, "{drawn} for {logit}");
        }
    }

    #[test]
    fn top_p_keeps_the_smallest_set_that_reaches_it() {
        let drawn = frequencies(Sampling { temperature: 1.0, top_p: 0.5, seed: 3, ..Sampling::GREEDY });
        assert_eq!((drawn[0], drawn[2], drawn[3]), (0.0, 0.0, 0.0));
        assert!(drawn[1] > drawn[4] && drawn[4] > 0.4);
    }

    #[test]
    fn one_seed_gives_one_answer() {
        let sampling = Sampling { temperature: 1.0, seed: 11, ..Sampling::GREEDY };
        let draw = || {
            let mut sampler = Sampler::new(sampling);
            (0..50).map(|_| sampler.next(&mut LOGITS.clone(), &[])).collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
    }

    #[test]
    fn the_penalty_moves_repeated_tokens_down() {
        let sampling = Sampling { repetition_penalty: 3.0, ..Sampling::GREEDY };
        assert_eq!(Sampler::new(sampling).next(&mut LOGITS.clone(), &[1, 1]), 4);
        assert_eq!(Sampler::new(sampling).next(&mut [-1.0, -2.0], &[0]), 1);
    }

    #[test]
    fn log_probabilities_sum_to_one() {
        let logs = log_probabilities(&LOGITS, &[0, 1, 2, 3, 4]);
        let total: f64 = logs.iter().map(|log| f64::from(*log).exp()).sum();
        assert!((total - 1.0).abs() < 1e-6);
    }
}

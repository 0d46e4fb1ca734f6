//! The few formulas behind the tables.

/// Area under the ROC curve: the chance that a positive's score lies above a negative's, ties counted half
/// (Mann–Whitney). `None` without both.
pub fn auroc(positives: &[f32], negatives: &[f32]) -> Option<f64> {
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let mut scored: Vec<(f32, bool)> = positives.iter().map(|&score| (score, true)).collect();
    scored.extend(negatives.iter().map(|&score| (score, false)));
    scored.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut rank_sum = 0.0;
    let mut at = 0;
    while at < scored.len() {
        let ties = scored[at..].iter().take_while(|other| other.0 == scored[at].0).count();
        let mean_rank = at as f64 + (ties as f64 + 1.0) / 2.0;
        rank_sum += mean_rank * scored[at..at + ties].iter().filter(|(_, positive)| *positive).count() as f64;
        at += ties;
    }
    let (p, n) = (positives.len() as f64, negatives.len() as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// The value below which `share` (0..=1) of the sample lies, by nearest rank. 0 for an empty sample.
pub fn percentile(sample: &[f64], share: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// A count out of a total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Share {
    /// How many had it.
    pub of: usize,
    /// Of how many.
    pub total: usize,
}

impl Share {
    /// Counts one more.
    pub fn add(&mut self, had_it: bool) {
        self.total += 1;
        self.of += usize::from(had_it);
    }

    /// As a fraction; 0 of 0 is 0.
    pub fn fraction(self) -> f64 {
        if self.total == 0 { 0.0 } else { self.of as f64 / self.total as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_by_hand() {
        assert_eq!(auroc(&[3.0, 4.0], &[1.0, 2.0]), Some(1.0));
        assert_eq!(auroc(&[1.0, 2.0], &[3.0, 4.0]), Some(0.0));
        assert_eq!(auroc(&[1.0, 1.0], &[1.0]), Some(0.5));
        assert_eq!(auroc(&[2.0, 4.0], &[3.0, 1.0]), Some(0.75));
        assert_eq!(auroc(&[], &[1.0]), None);
    }

    #[test]
    fn percentiles_by_nearest_rank() {
        let sample: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&sample, 0.5), 50.0);
        assert_eq!(percentile(&sample, 0.95), 95.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}

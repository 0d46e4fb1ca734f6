//! Exact search over vectors: the answer while there are few of them, and the oracle for the approximate index.

use super::snapshot::{Place, Snapshot};

/// Independent sums, so that the compiler can keep them in vector registers.
const LANES: usize = 16;

/// The dot product; the cosine, for vectors of length one.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The `limit` passages nearest to the question among the documents that may speak, best first.
pub(super) fn exact(
    snapshot: &Snapshot,
    question: &[f32],
    speaking: &[bool],
    limit: usize,
) -> Vec<(Place, f32)> {
    let scores = snapshot
        .vectors()
        .filter(|(place, _)| speaking.get(place.document as usize).copied().unwrap_or(false))
        .map(|(place, vector)| (place, dot(vector, question)));
    best(scores.collect(), limit)
}

/// The best `limit` places, best first. Ties go to the earlier place, so that the same question finds the same passages
/// every time.
pub(super) fn best(mut found: Vec<(Place, f32)>, limit: usize) -> Vec<(Place, f32)> {
    let order = |a: &(Place, f32), b: &(Place, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if found.len() > limit && limit > 0 {
        found.select_nth_unstable_by(limit - 1, order);
    }
    found.truncate(limit);
    found.sort_unstable_by(order);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_is_the_dot_product_at_every_length() {
        for length in [0, 1, 15, 16, 17, 384] {
            let a: Vec<f32> = (0..length).map(|i| (i as f32 * 0.37).sin()).collect();
            let b: Vec<f32> = (0..length).map(|i| (i as f32 * 0.11).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((f64::from(dot(&a, &b)) - plain).abs() < 1e-4, "{length}");
        }
    }
}

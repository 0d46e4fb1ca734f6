//! Exact search over vectors: the answer while there are few of them, and the oracle for the approximate index.

use super::snapshot::{Place, Snapshot};
use crate::ai::dot;

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

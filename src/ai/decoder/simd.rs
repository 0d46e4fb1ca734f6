//! The processor's inner loops. Written so that the compiler vectorises them, and compiled once for each instruction
//! set: [`vectorised`] picks the best at run time, so one binary runs everywhere.

use candle_core::utils::barrier_pool;
use parking_lot::Mutex;

/// Values that the accumulators of a sum are spread over.
const LANES: usize = 16;

/// Runs `body` compiled for the best instruction set that this processor has.
#[inline(always)]
pub(super) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(body)
}

/// Runs `body` on each `size` values of `out`, spread over candle's worker threads.
pub(super) fn for_each_chunk(out: &mut [f32], size: usize, body: impl Fn(usize, &mut [f32]) + Sync) {
    if out.len() <= size {
        vectorised(|| body(0, out));
        return;
    }
    let chunks: Vec<Mutex<&mut [f32]>> = out.chunks_mut(size).map(Mutex::new).collect();
    barrier_pool().execute_chunked(chunks.len(), |range| {
        for index in range {
            vectorised(|| body(index, &mut chunks[index].lock()));
        }
    });
}

/// Σ aᵢ·bᵢ.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// y ← y + w·x.
#[inline(always)]
pub(super) fn add_scaled(y: &mut [f32], x: &[f32], w: f32) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = x.mul_add(w, *y);
    }
}

/// The largest value; −∞ of nothing.
#[inline(always)]
pub(super) fn max(values: &[f32]) -> f32 {
    let mut best = [f32::NEG_INFINITY; LANES];
    let (lanes, rest) = values.as_chunks::<LANES>();
    for chunk in lanes {
        for lane in 0..LANES {
            best[lane] = if chunk[lane] > best[lane] { chunk[lane] } else { best[lane] };
        }
    }
    best.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// e^x to within 2 units in the last place for −87 ≤ x ≤ 88, clamped outside: 2^n · e^r with |r| ≤ ln 2 / 2 and e^r by
/// its Taylor polynomial. `f32::exp` is a call that no loop around it can be vectorised across.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding 1.5 · 2^23 rounds to a whole number, which is then in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = (-n).mul_add(LN_2_LOW, (-n).mul_add(LN_2_HIGH, x));
    let mut e = 1.0 / 5_040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        e = r.mul_add(e, coefficient);
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    e * f32::from_bits(exponent)
}

/// Turns `scores` into their softmax.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let highest = max(scores);
    for score in scores.iter_mut() {
        *score = exp(*score - highest);
    }
    let mut sums = [0f32; LANES];
    let (lanes, rest) = scores.as_chunks::<LANES>();
    for chunk in lanes {
        for lane in 0..LANES {
            sums[lane] += chunk[lane];
        }
    }
    let scale = (sums.iter().sum::<f32>() + rest.iter().sum::<f32>()).recip();
    for score in scores {
        *score *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_to_two_units_in_the_last_place() {
        for step in -870_000..880_000 {
            let x = step as f32 * 1e-4;
            let (ours, exact) = (vectorised(|| exp(x)), f64::from(x).exp());
            assert!((f64::from(ours) - exact).abs() <= exact * 2.4e-7, "e^{x} is {exact}, not {ours}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1.7e-38);
    }

    #[test]
    fn sums_and_softmax_equal_the_plain_loops_for_any_length() {
        for len in [1, 15, 16, 17, 100, 333] {
            let a: Vec<f32> = (0..len).map(|i| (i as f32 * 0.37).sin()).collect();
            let b: Vec<f32> = (0..len).map(|i| (i as f32 * 0.11).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((f64::from(dot(&a, &b)) - plain).abs() < 1e-5);
            let mut probabilities = a.clone();
            softmax(&mut probabilities);
            let total: f64 = a.iter().map(|x| f64::from(*x).exp()).sum();
            for (p, x) in probabilities.iter().zip(&a) {
                assert!((f64::from(*p) - f64::from(*x).exp() / total).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn chunks_are_visited_once_each() {
        let mut values = vec![0f32; 1000];
        for_each_chunk(&mut values, 7, |index, chunk| chunk.iter_mut().for_each(|x| *x += index as f32));
        assert!(values.iter().enumerate().all(|(i, x)| *x == (i / 7) as f32));
    }
}

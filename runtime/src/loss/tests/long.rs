//! Sums of more terms than one chain holds.

use super::*;

/// Squares of a million numbers, in one f32 chain wrong in the sixth digit.
#[test]
fn a_long_mean_keeps_its_digits() {
    const N: usize = 1 << 20;
    let outputs: Vec<f32> = (0..N)
        .map(|i| 0.5 + (i as u32).wrapping_mul(0x9E37_79B9) as f32 / (1_u64 << 32) as f32)
        .collect();
    let exact = outputs
        .iter()
        .map(|&y| f64::from(y) * f64::from(y))
        .sum::<f64>()
        / N as f64;
    for level in simd::levels() {
        let mut delta = alloc::vec![0.0; N];
        let task = Long {
            outputs: (&outputs[..]).try_into().unwrap(),
            delta: (&mut delta[..]).try_into().unwrap(),
        };
        let loss: f32 = simd::dispatch::<Long<'_, N>>(level, task);
        let error = (f64::from(loss) / exact - 1.0).abs();
        assert!(error < 2e-7, "{level:?}: {loss} is not {exact}");
        assert_eq!(delta[7], outputs[7] * (2.0 / N as f32));
    }
}

/// [`Mse`] of numbers beside zeros, too many for the stack, as a task.
struct Long<'a, const N: usize> {
    outputs: &'a [f32; N],
    delta: &'a mut [f32; N],
}

impl<const N: usize> Task for Long<'_, N> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> f32 {
        Mse.row(s, self.outputs, const { &[0.0; N] }, 1.0, self.delta)
    }
}

/// [`CrossEntropy`] of more classes than the lanes of one chain hold.
#[test]
fn a_long_row_of_logits_keeps_its_digits() {
    const N: usize = 100_003;
    let logits: Vec<f32> = (0..N).map(|i| (i * 37 % 101) as f32 / 64.0 - 0.5).collect();
    let powers: Vec<f64> = logits.iter().map(|&x| f64::from(x).exp()).collect();
    let total: f64 = powers.iter().sum();
    for level in simd::levels() {
        let mut delta = alloc::vec![0.0; N];
        let task = Classes {
            logits: (&logits[..]).try_into().unwrap(),
            target: 7,
            delta: (&mut delta[..]).try_into().unwrap(),
        };
        let loss: f32 = simd::dispatch::<Classes<'_, N>>(level, task);
        let error = (f64::from(loss) - (total.ln() - f64::from(logits[7]))).abs();
        assert!(error < 3e-6, "{level:?}: {loss}");
        for at in (8..N).step_by(11) {
            let error = f64::from(delta[at]) * total / powers[at] - 1.0;
            assert!(error.abs() < 3e-6, "{level:?}, {at}: {error}");
        }
    }
}

/// [`CrossEntropy`] of one row, too long for the stack, as a task.
struct Classes<'a, const N: usize> {
    logits: &'a [f32; N],
    target: usize,
    delta: &'a mut [f32; N],
}

impl<const N: usize> Task for Classes<'_, N> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> f32 {
        CrossEntropy.row(s, self.logits, &self.target, 1.0, self.delta)
    }
}

//! Samples that look random, and losses with targets for them.

use kiln::{CrossEntropy, Mse, Result, flat::Floats};

/// A loss, and the targets of so many samples.
pub type Judge<L, T> = (L, fn(usize) -> Result<Vec<T>>);

#[allow(dead_code, reason = "no classifier may be among the networks")]
pub fn cross_entropy() -> Judge<CrossEntropy, usize> {
    (CrossEntropy, |count| {
        Ok((0..count).map(|sample| sample % 10).collect())
    })
}

#[allow(dead_code, reason = "all networks may be classifiers")]
pub fn mse<O: Floats>() -> Judge<Mse, O> {
    (Mse, noise)
}

/// Values between -1 and 1 that look random.
pub fn noise<T: Floats>(count: usize) -> Result<Vec<T>> {
    let mut values = kiln::zeroed_vec(count)?;
    let numbers = kiln::flat::all_numbers_mut(&mut values);
    for (index, number) in numbers.iter_mut().enumerate() {
        let mixed = (index as u32).wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
        *number = (mixed.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1 << 23) as f32 - 1.0;
    }
    Ok(values)
}

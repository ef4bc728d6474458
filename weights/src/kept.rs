//! How a network keeps its numbers: none is tiny, and a count is two of them.

/// The smallest magnitude that is not zero: 2^-63.
pub const TINY: f32 = 1.0 / (1_u64 << 63) as f32;

/// The upper two bits of the exponent. Both are zero where the magnitude is below [`TINY`], and only there.
pub const UPPER: u32 = 0x6000_0000;

/// `x` where its magnitude is at least [`TINY`], +0 where it is less; NaN and infinities keep their bits.
#[inline(always)]
pub fn flush_number(x: f32) -> f32 {
    if x.to_bits() & UPPER == 0 { 0.0 } else { x }
}

/// The largest count: what two floats keep exactly, each up to 2^24.
pub const LARGEST_COUNT: u64 = HIGH * HIGH - 1;
const HIGH: u64 = 1 << 24;

/// A count as it is kept: what is below 2^24, and how many times 2^24.
pub fn split_count(count: u64) -> [f32; 2] {
    let count = count.min(LARGEST_COUNT);
    [(count % HIGH) as f32, (count / HIGH) as f32]
}

/// A count that is kept as `low` and `high`.
pub fn joined_count([low, high]: [f32; 2]) -> u64 {
    low as u64 + high as u64 * HIGH
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_COUNT, joined_count, split_count};

    #[test]
    fn counts_are_exact() {
        for count in [
            0,
            1,
            7,
            (1 << 24) - 1,
            1 << 24,
            (1 << 40) + 12_345,
            LARGEST_COUNT,
        ] {
            assert_eq!(joined_count(split_count(count)), count);
        }
        assert_eq!(joined_count(split_count(u64::MAX)), LARGEST_COUNT);
    }
}

//! Floating-point numbers of 16, 32 and 64 bits as `f32`, and counts.

use crate::kept::LARGEST_COUNT;
use safetensors::Dtype;

/// A type of number that can be converted to `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// IEEE 754's binary16.
    F16,
    /// The upper half of an `f32`.
    BF16,
    /// IEEE 754's binary32.
    F32,
    /// IEEE 754's binary64.
    F64,
    /// A whole number.
    Count,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfit {
    /// The number at this index is NaN or infinite.
    NotFinite(usize),
    /// The number at this index is finite, but not as `f32`.
    TooLarge(usize),
    /// The number at this index is negative.
    Negative(usize, f32),
    /// The number is not a count: it is negative, or above [`LARGEST_COUNT`].
    Count(i64),
}

impl Number {
    /// The type that a file names, if a tensor of numbers, or a count, can be made of it.
    pub fn of(is_count: bool, dtype: Dtype) -> Option<Self> {
        match (is_count, dtype) {
            (true, Dtype::I64) => Some(Self::Count),
            (false, Dtype::F16) => Some(Self::F16),
            (false, Dtype::BF16) => Some(Self::BF16),
            (false, Dtype::F32) => Some(Self::F32),
            (false, Dtype::F64) => Some(Self::F64),
            _ => None,
        }
    }

    /// The types that a tensor of numbers, or a count, can be made of, in prose.
    pub fn expected(is_count: bool, takes_doubles: bool) -> &'static str {
        match (is_count, takes_doubles) {
            (true, _) => "I64",
            (false, true) => "F32, F64, F16 or BF16",
            (false, false) => "F32, F16 or BF16",
        }
    }

    /// Little-endian bytes as `f32`: numbers of 16 bits exactly, those of 64 rounded to the nearest, or to the even one
    /// halfway. Counts are [read](count) by themselves.
    pub fn read(self, bytes: &[u8]) -> impl Iterator<Item = f32> {
        let size = match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 | Self::Count => 8,
        };
        bytes
            .chunks_exact(size)
            .map(move |bytes| match (self, bytes) {
                (Self::F16, &[a, b]) => half(u16::from_le_bytes([a, b])),
                (Self::BF16, &[a, b]) => brain(u16::from_le_bytes([a, b])),
                (Self::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
                (Self::F64, bytes) => words(bytes).map(f64::from_le_bytes).sum::<f64>() as f32,
                _ => 0.0,
            })
    }

    /// The first number that is negative.
    pub fn first_negative(self, bytes: &[u8]) -> Option<Unfit> {
        let mut numbers = self.read(bytes).enumerate();
        let (index, number) = numbers.find(|&(_, number)| number < 0.0)?;
        Some(Unfit::Negative(index, number))
    }

    /// The first number that is no finite `f32`, or no count.
    pub fn first_unfit(self, bytes: &[u8]) -> Option<Unfit> {
        let index = match self {
            Self::F16 => words(bytes).position(|x| !half(u16::from_le_bytes(x)).is_finite()),
            Self::BF16 => words(bytes).position(|x| !brain(u16::from_le_bytes(x)).is_finite()),
            Self::F32 => {
                // The largest magnitude first: it is found many numbers at once.
                let magnitudes = words(bytes).map(|x| u32::from_le_bytes(x) & u32::MAX >> 1);
                if magnitudes.fold(0, u32::max) < f32::INFINITY.to_bits() {
                    return None;
                }
                words(bytes).position(|x| !f32::from_le_bytes(x).is_finite())
            }
            Self::F64 => {
                let mut numbers = words(bytes).map(f64::from_le_bytes).enumerate();
                let (index, number) = numbers.find(|(_, number)| !(*number as f32).is_finite())?;
                return Some(match number.is_finite() {
                    true => Unfit::TooLarge(index),
                    false => Unfit::NotFinite(index),
                });
            }
            Self::Count => return checked(bytes).err().map(Unfit::Count),
        };
        index.map(Unfit::NotFinite)
    }
}

/// The count in eight bytes; 0 where there is [none](Unfit::Count).
pub fn count(bytes: &[u8]) -> u64 {
    checked(bytes).unwrap_or(0)
}

/// A count there is room for.
fn checked(bytes: &[u8]) -> Result<u64, i64> {
    let number = words(bytes).next().map_or(0, i64::from_le_bytes);
    let count = u64::try_from(number).ok();
    count.filter(|&count| count <= LARGEST_COUNT).ok_or(number)
}

/// Numbers of `N` bytes.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}

/// The upper half of an `f32`.
fn brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// IEEE 754's binary16: a sign, five bits of exponent biased by 15, ten of fraction.
fn half(bits: u16) -> f32 {
    let magnitude = u32::from(bits & 0x7fff);
    let magnitude = if magnitude < 0x7c00 {
        // In place but for the exponent's bias, which is 127 there; subnormal numbers become normal by this as well.
        f32::from_bits(magnitude << 13) * f32::from_bits((127 + 112) << 23)
    } else {
        f32::from_bits(0x7f80_0000 | magnitude << 13)
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Unfit, count, half};
    use crate::kept::LARGEST_COUNT;
    use alloc::{format, vec::Vec};

    /// The definition, in `f64`.
    fn defined(bits: u16) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff) / 1024.0);
        let magnitude = match exponent {
            0 => fraction * 2.0_f64.powi(-14),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
        };
        if bits & 0x8000 == 0 {
            magnitude
        } else {
            -magnitude
        }
    }

    #[test]
    fn all_halves_are_exact() {
        for bits in 0..=u16::MAX {
            let (found, expected) = (f64::from(half(bits)), defined(bits));
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(same, "{bits:04x}: {found} {expected}");
        }
    }

    /// The first number of some bytes.
    fn read(number: Number, bytes: &[u8]) -> f32 {
        number.read(bytes).next().expect("a number")
    }

    #[test]
    fn counts_have_a_limit() {
        for number in [0, 1 << 24, LARGEST_COUNT] {
            assert_eq!(count(&number.to_le_bytes()), number);
            assert_eq!(Number::Count.first_unfit(&number.to_le_bytes()), None);
        }
        for number in [-1, LARGEST_COUNT as i64 + 1] {
            assert_eq!(count(&number.to_le_bytes()), 0);
            let unfit = Number::Count.first_unfit(&number.to_le_bytes());
            assert_eq!(unfit, Some(Unfit::Count(number)));
        }
    }

    #[test]
    fn brain_floats_are_exact() {
        for bits in 0..=u16::MAX {
            let expected = f32::from_bits(u32::from(bits) << 16);
            let found = read(Number::BF16, &bits.to_le_bytes());
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
            let unfit = Number::BF16.first_unfit(&bits.to_le_bytes());
            assert_eq!(unfit.is_none(), expected.is_finite(), "{bits:04x}");
        }
    }

    /// The error is at most half a unit in the last place, 2^-24 of the number.
    #[test]
    fn doubles_go_to_the_nearest() {
        for exponent in [-63, -40, 0, 1, 127] {
            for step in 0..1000 {
                let number = (1.0 + f64::from(step) / 1001.0) * 2.0_f64.powi(exponent);
                let found = read(Number::F64, &number.to_le_bytes());
                let error = (f64::from(found) - number).abs();
                assert!(error <= number * 2.0_f64.powi(-24), "{number}: {found:?}");
            }
        }
    }

    #[test]
    fn what_is_no_finite_float_is_found() {
        let unfit = |numbers: &[f64]| {
            let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
            Number::F64.first_unfit(&bytes.collect::<Vec<_>>())
        };
        let largest = f64::from(f32::MAX);
        assert_eq!(unfit(&[0.0, -largest, largest, 1e-300]), None);
        assert_eq!(unfit(&[0.0, 1e300]), Some(Unfit::TooLarge(1)));
        assert_eq!(unfit(&[-3.5e38, f64::NAN]), Some(Unfit::TooLarge(0)));
        let infinite = [1.0, 2.0, f64::NEG_INFINITY];
        assert_eq!(unfit(&infinite), Some(Unfit::NotFinite(2)));
        assert_eq!(unfit(&[f64::NAN]), Some(Unfit::NotFinite(0)));
    }
}

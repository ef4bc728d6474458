//! Floating-point numbers of 16, 32 and 64 bits as `f32`, and counts.

use crate::{
    layout::Layout,
    math::flush_number,
    tensor::{LARGEST_COUNT, Role, Tensor, split_count},
};
use safetensors::Dtype;

/// A type of number that can be converted to `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    F16,
    BF16,
    F32,
    F64,
    /// A whole number.
    Count,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfit {
    /// Number so many is NaN or infinite.
    NotFinite(usize),
    /// Number so many is finite, but not as `f32`.
    TooLarge(usize),
    /// Number so many is negative.
    Negative(usize, f32),
    /// It counts nothing.
    Count(i64),
}

impl Number {
    /// The type that a file names, if it is one of which a tensor can be made; otherwise what could be.
    pub fn of(tensor: &Tensor, dtype: Dtype) -> Result<Self, &'static str> {
        match (tensor.role, dtype) {
            (Role::Count, Dtype::I64) => Ok(Self::Count),
            (Role::Count, _) => Err("I64"),
            (_, Dtype::F16) => Ok(Self::F16),
            (_, Dtype::BF16) => Ok(Self::BF16),
            (_, Dtype::F32) => Ok(Self::F32),
            (_, Dtype::F64) => Ok(Self::F64),
            _ => Err("F32 (or F64, F16, BF16)"),
        }
    }

    /// Puts numbers in little-endian bytes where `layout` has them in `floats`, as `f32`: those of 16 bits exactly, those
    /// of 64 rounded to the nearest, or to the even one halfway.
    pub fn unpack(self, bytes: &[u8], layout: &Layout, floats: &mut [f32]) {
        match self {
            Self::F16 => put(
                words(bytes).map(|x| half(u16::from_le_bytes(x))),
                layout,
                floats,
            ),
            Self::BF16 => put(
                words(bytes).map(|x| brain(u16::from_le_bytes(x))),
                layout,
                floats,
            ),
            Self::F32 => put(words(bytes).map(f32::from_le_bytes), layout, floats),
            Self::F64 => put(
                words(bytes).map(|x| f64::from_le_bytes(x) as f32),
                layout,
                floats,
            ),
            Self::Count => {
                let kept = floats[layout.offset..].iter_mut();
                for (kept, number) in kept.zip(split_count(count(bytes).unwrap_or(0))) {
                    *kept = number;
                }
            }
        }
    }

    /// The first number that is negative.
    pub fn first_negative(self, bytes: &[u8]) -> Option<Unfit> {
        fn first(mut numbers: impl Iterator<Item = f32>) -> Option<Unfit> {
            let mut found = 0.0;
            let index = numbers.position(|number| {
                found = number;
                number < 0.0
            })?;
            Some(Unfit::Negative(index, found))
        }
        match self {
            Self::F16 => first(words(bytes).map(|x| half(u16::from_le_bytes(x)))),
            Self::BF16 => first(words(bytes).map(|x| brain(u16::from_le_bytes(x)))),
            Self::F32 => first(words(bytes).map(f32::from_le_bytes)),
            Self::F64 => first(words(bytes).map(|x| f64::from_le_bytes(x) as f32)),
            Self::Count => None,
        }
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
            Self::Count => return count(bytes).err().map(Unfit::Count),
        };
        index.map(Unfit::NotFinite)
    }
}

/// A count there is room for.
fn count(bytes: &[u8]) -> Result<u64, i64> {
    let number = words(bytes).next().map_or(0, i64::from_le_bytes);
    let count = u64::try_from(number).ok();
    count.filter(|&count| count <= LARGEST_COUNT).ok_or(number)
}

/// Puts numbers in row-major order to their places; those too small to matter as zero, see [`flush_number`].
fn put(mut numbers: impl Iterator<Item = f32>, layout: &Layout, floats: &mut [f32]) {
    layout.visit(|place| {
        if let Some(number) = numbers.next() {
            floats[place] = flush_number(number);
        }
    });
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
    use super::{Number, Unfit, half};
    use crate::{
        layout::{Axis, Layout},
        math::flush_number,
    };
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

    /// One number.
    fn unpacked(number: Number, bytes: &[u8]) -> f32 {
        const LAYOUT: Layout = Layout {
            offset: 0,
            axes: &[Axis {
                size: 1,
                stride: 1,
                block_stride: 16,
            }],
        };
        let mut floats = [0.0];
        number.unpack(bytes, &LAYOUT, &mut floats);
        floats[0]
    }

    #[test]
    fn small_numbers_count_as_zero() {
        let least = 2.0_f64.powi(-63);
        for (number, expected) in [
            (least, least as f32),
            (-least, -least as f32),
            (least * 0.999, 0.0),
            (-1e-300, 0.0),
        ] {
            let found = unpacked(Number::F64, &number.to_le_bytes());
            assert_eq!(found.to_bits(), expected.to_bits(), "{number}");
        }
    }

    #[test]
    fn brain_floats_are_exact() {
        for bits in 0..=u16::MAX {
            let expected = f32::from_bits(u32::from(bits) << 16);
            let (found, flushed) = (
                unpacked(Number::BF16, &bits.to_le_bytes()),
                flush_number(expected),
            );
            assert_eq!(format!("{found:?}"), format!("{flushed:?}"));
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
                let found = unpacked(Number::F64, &number.to_le_bytes());
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

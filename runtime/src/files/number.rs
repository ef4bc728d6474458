//! Floating-point numbers of 16, 32 and 64 bits as `f32`.

use safetensors::Dtype;

/// A type of number that can be converted to `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    F16,
    BF16,
    F32,
    F64,
}

impl Number {
    /// The type that a file names, if it is one of these.
    pub fn of(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::BF16,
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
            _ => return None,
        })
    }

    /// Hands the numbers in little-endian bytes to `take`, as `f32`: of 16 bits exactly, of 64 to the nearest, those
    /// halfway to the even one.
    pub fn decode_into<R>(
        self,
        bytes: &[u8],
        take: impl FnOnce(&mut dyn Iterator<Item = f32>) -> R,
    ) -> R {
        match self {
            Self::F16 => take(&mut words(bytes).map(|bytes| half(u16::from_le_bytes(bytes)))),
            Self::BF16 => take(
                &mut words(bytes)
                    .map(|bytes| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)),
            ),
            Self::F32 => take(&mut words(bytes).map(f32::from_le_bytes)),
            Self::F64 => take(&mut words(bytes).map(|bytes| f64::from_le_bytes(bytes) as f32)),
        }
    }

    /// The first number that is no finite `f32`, and whether it is not finite in the file either.
    pub fn first_unfit(self, bytes: &[u8]) -> Option<(usize, bool)> {
        let index = match self {
            Self::F16 => {
                words(bytes).position(|bytes| !half(u16::from_le_bytes(bytes)).is_finite())
            }
            // The upper half of an `f32`, whose exponent it holds.
            Self::BF16 => {
                words(bytes).position(|bytes| u16::from_le_bytes(bytes) & 0x7f80 == 0x7f80)
            }
            Self::F32 => words(bytes).position(|bytes| !f32::from_le_bytes(bytes).is_finite()),
            Self::F64 => {
                let mut numbers = words(bytes).map(f64::from_le_bytes).enumerate();
                let (index, number) = numbers.find(|(_, number)| !(*number as f32).is_finite())?;
                return Some((index, !number.is_finite()));
            }
        };
        Some((index?, true))
    }
}

/// Numbers of `N` bytes.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
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
    use super::{Number, half};
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

    fn decoded(number: Number, bytes: &[u8]) -> Vec<f32> {
        number.decode_into(bytes, |numbers| numbers.collect())
    }

    #[test]
    fn brain_floats_are_exact() {
        for bits in 0..=u16::MAX {
            let expected = f32::from_bits(u32::from(bits) << 16);
            let found = decoded(Number::BF16, &bits.to_le_bytes());
            assert_eq!(format!("{found:?}"), format!("[{expected:?}]"));
            let unfit = Number::BF16.first_unfit(&bits.to_le_bytes());
            assert_eq!(unfit.is_none(), expected.is_finite(), "{bits:04x}");
        }
    }

    /// The error is at most half a unit in the last place, 2^-24 of the number.
    #[test]
    fn doubles_go_to_the_nearest() {
        for exponent in [-126, -40, 0, 1, 127] {
            for step in 0..1000 {
                let number = (1.0 + f64::from(step) / 1001.0) * 2.0_f64.powi(exponent);
                let found = decoded(Number::F64, &number.to_le_bytes());
                let error = (f64::from(found[0]) - number).abs();
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
        assert_eq!(unfit(&[0.0, 1e300]), Some((1, false)));
        assert_eq!(unfit(&[-3.5e38, f64::NAN]), Some((0, false)));
        assert_eq!(unfit(&[1.0, 2.0, f64::NEG_INFINITY]), Some((2, true)));
        assert_eq!(unfit(&[f64::NAN]), Some((0, true)));
    }
}

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

    fn size(self) -> usize {
        match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The numbers in little-endian bytes.
    pub fn decode(self, bytes: &[u8]) -> impl Iterator<Item = f32> {
        bytes.chunks_exact(self.size()).map(move |bytes| {
            let bits = bytes
                .iter()
                .rev()
                .fold(0, |bits, &byte| bits << 8 | u64::from(byte));
            match self {
                Self::F16 => half(bits as u16),
                Self::BF16 => f32::from_bits((bits as u32) << 16),
                Self::F32 => f32::from_bits(bits as u32),
                Self::F64 => f64::from_bits(bits) as f32,
            }
        })
    }
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
    use super::half;

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
}

//! Losses as people read them.

use core::fmt::{self, Display, Formatter};

/// A number with four significant digits, whatever its size: `1.235`, `0.07240`, `3.512e-7`.
pub struct Significant(pub f64);

impl Display for Significant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let number = self.0;
        match number.abs() {
            0.0 => f.write_str("0"),
            0.001..0.01 => write!(f, "{number:.6}"),
            0.01..0.1 => write!(f, "{number:.5}"),
            0.1..1.0 => write!(f, "{number:.4}"),
            1.0..10.0 => write!(f, "{number:.3}"),
            10.0..100.0 => write!(f, "{number:.2}"),
            100.0..1000.0 => write!(f, "{number:.1}"),
            1000.0..1e6 => write!(f, "{number:.0}"),
            size if size.is_finite() => write!(f, "{number:.3e}"),
            _ => write!(f, "{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Significant;
    use alloc::string::ToString;

    #[test]
    fn no_loss_is_printed_as_zero_but_zero() {
        let cases = [
            (0.0, "0"),
            (2.3456e-9, "2.346e-9"),
            (0.000_123_456, "1.235e-4"),
            (0.001_234_56, "0.001235"),
            (0.0724, "0.07240"),
            (0.123_456, "0.1235"),
            (2.302_4, "2.302"),
            (12.345, "12.35"),
            (123.456, "123.5"),
            (12_345.6, "12346"),
            (1.5e7, "1.500e7"),
            (-0.05, "-0.05000"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ];
        for (number, expected) in cases {
            assert_eq!(Significant(number).to_string(), expected);
        }
    }
}

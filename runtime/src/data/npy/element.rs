//! The element types of NumPy's arrays.

/// Type of the elements of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `bool`: 0 or 1.
    Bool,
    /// Unsigned integers of so many bytes: 1, 2, 4 or 8.
    Unsigned(u8),
    /// Signed integers of so many bytes: 1, 2, 4 or 8.
    Signed(u8),
    /// Floats of so many bytes: 2, 4 or 8.
    Float(u8),
}

/// Which byte of an element comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

impl Element {
    /// The type and byte order that a header names, such as `<f4`.
    pub(super) fn from_code(code: &str) -> Option<(Self, Order)> {
        let order = match code.as_bytes().first()? {
            b'>' => Order::Big,
            b'<' | b'|' => Order::Little,
            // The order of the machine that wrote it, which is this one's in all likelihood.
            b'=' if cfg!(target_endian = "big") => Order::Big,
            b'=' => Order::Little,
            _ => return None,
        };
        let element = match code.get(1..)? {
            "b1" => Self::Bool,
            "u1" => Self::Unsigned(1),
            "u2" => Self::Unsigned(2),
            "u4" => Self::Unsigned(4),
            "u8" => Self::Unsigned(8),
            "i1" => Self::Signed(1),
            "i2" => Self::Signed(2),
            "i4" => Self::Signed(4),
            "i8" => Self::Signed(8),
            "f2" => Self::Float(2),
            "f4" => Self::Float(4),
            "f8" => Self::Float(8),
            _ => return None,
        };
        Some((element, order))
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Unsigned(size) | Self::Signed(size) | Self::Float(size) => size.into(),
        }
    }

    /// The type's name in NumPy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Unsigned(1) => "uint8",
            Self::Unsigned(2) => "uint16",
            Self::Unsigned(4) => "uint32",
            Self::Unsigned(_) => "uint64",
            Self::Signed(1) => "int8",
            Self::Signed(2) => "int16",
            Self::Signed(4) => "int32",
            Self::Signed(_) => "int64",
            Self::Float(2) => "float16",
            Self::Float(4) => "float32",
            Self::Float(_) => "float64",
        }
    }

    /// Whether the elements may be labels.
    pub fn is_integer(self) -> bool {
        !matches!(self, Self::Float(_))
    }

    /// The number that `size()` bytes stand for; an integer beyond 2^53 is rounded.
    pub(super) fn decode(self, order: Order, bytes: &[u8]) -> f64 {
        let bits = self.bits(order, bytes);
        match self {
            Self::Float(2) => half(bits as u16),
            Self::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Self::Float(_) => f64::from_bits(bits),
            _ => self.integer(order, bytes) as f64,
        }
    }

    /// The integer that `size()` bytes stand for; of a float, its bits.
    pub(super) fn integer(self, order: Order, bytes: &[u8]) -> i128 {
        let bits = self.bits(order, bytes);
        match self {
            Self::Bool => i128::from(bits != 0),
            Self::Unsigned(_) | Self::Float(_) => bits.into(),
            Self::Signed(1) => (bits as i8).into(),
            Self::Signed(2) => (bits as i16).into(),
            Self::Signed(4) => (bits as i32).into(),
            Self::Signed(_) => (bits as i64).into(),
        }
    }

    fn bits(self, order: Order, bytes: &[u8]) -> u64 {
        let add = |bits: u64, &byte: &u8| bits << 8 | u64::from(byte);
        match order {
            Order::Big => bytes.iter().fold(0, add),
            Order::Little => bytes.iter().rev().fold(0, add),
        }
    }
}

/// IEEE 754's binary16: a sign, five bits of exponent biased by 15, ten of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 31, f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction / f64::from(1 << 24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        // The exponent of a double is biased by 1023.
        _ => (1024.0 + fraction) * f64::from_bits((1023 - 25 + u64::from(exponent)) << 52),
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

//! What is computed of numbers at one place: results forward, and terms of deltas backward.

use crate::{math, simd::Isa};
use fearless_simd::{f32x16, mask32x16, prelude::*};

/// A result z of x and y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Combine {
    /// x + y
    Sum,
    /// x - y
    Difference,
    /// x y
    Product,
    /// x / y
    Quotient,
    /// `factor` x + `offset`
    Line {
        /// What x is multiplied by.
        factor: f32,
        /// What is added.
        offset: f32,
    },
    /// `numerator` / x
    Over {
        /// What is divided.
        numerator: f32,
    },
}

/// A term of an operand's delta, of the result's delta dz and what else it reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// `factor` dz
    Scaled {
        /// What dz is multiplied by.
        factor: f32,
    },
    /// dz b
    Product,
    /// dz / b
    Quotient,
    /// -(b / c) dz: of a divisor c whose quotient is b.
    Divisor,
    /// 1 where the first number is b, and 0 elsewhere.
    Equal,
    /// The first number where b is c, and 0 elsewhere.
    Share,
}

/// A function of sixteen numbers at a time in each of so many tensors.
pub trait Formula: Copy {
    /// How many tensors it reads.
    const READS: usize;

    /// Its value; what it does not read is not looked at.
    fn of<S: Isa>(self, s: S, from: [f32x16<S>; 3]) -> f32x16<S>;
}

/// Declares a formula with its constants.
macro_rules! formula {
    ($(#[$doc:meta])* $name:ident { $($field:ident),* }, $reads:literal, |$s:ident, $from:pat_param| $value:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name {
            $(pub $field: f32),*
        }

        impl Formula for $name {
            const READS: usize = $reads;

            #[inline(always)]
            fn of<S: Isa>(self, $s: S, $from: [f32x16<S>; 3]) -> f32x16<S> {
                let Self { $($field),* } = self;
                $value
            }
        }
    };
}

formula!(
    /// x + y
    Sum {}, 2, |_s, [x, y, _]| x + y
);
formula!(
    /// x - y
    Difference {}, 2, |_s, [x, y, _]| x - y
);
formula!(
    /// x y
    Product {}, 2, |_s, [x, y, _]| x * y
);
formula!(
    /// x / y
    Quotient {}, 2, |_s, [x, y, _]| x / y
);
formula!(
    /// factor x
    Scaled { factor }, 1, |_s, [x, ..]| x * factor
);
formula!(
    /// factor x + offset
    Line { factor, offset }, 1, |s, [x, ..]| x * factor + f32x16::splat(s, offset)
);
formula!(
    /// numerator / x
    Over { numerator }, 1, |s, [x, ..]| f32x16::splat(s, numerator) / x
);
formula!(
    /// -(z / y) dz
    Divisor {}, 3, |s, [dz, z, y]| -(math::flush(s, z / y) * dz)
);

formula!(
    /// 1 where x is y, or where one of them is no number; 0 elsewhere.
    Equal {}, 2, |s, [x, y, _]| unlike(x, y).select(f32x16::splat(s, 0.0), f32x16::splat(s, 1.0))
);
formula!(
    /// The share where x is y, or where one of them is no number; 0 elsewhere.
    Share {}, 3, |s, [share, x, y]| unlike(x, y).select(f32x16::splat(s, 0.0), share)
);

/// Where one number is less than the other.
#[inline(always)]
fn unlike<S: Isa>(x: f32x16<S>, y: f32x16<S>) -> mask32x16<S> {
    x.simd_lt(y) | x.simd_gt(y)
}

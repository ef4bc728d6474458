//! The inner product of two arenas.

use crate::{
    block::{Block, LANES},
    simd::{self, Isa, Task},
};

/// The product of any two `f32` is finite and exact in double precision. Products are summed by lane, always in this
/// order, so that the sum has the same bits on every instruction set.
pub fn dot(arena: &[Block], other: &[Block]) -> f64 {
    let sums = simd::dispatch(simd::level(), Products(arena, other));
    sums.into_iter().sum()
}

struct Products<'a>(&'a [Block], &'a [Block]);

impl Task for Products<'_> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f64; LANES] {
        s.vectorize(
            #[inline(always)]
            || {
                let mut sums = [0.0; LANES];
                for (block, other) in self.0.iter().zip(self.1) {
                    for ((sum, number), other) in sums.iter_mut().zip(block.0).zip(other.0) {
                        *sum += f64::from(number) * f64::from(other);
                    }
                }
                sums
            },
        )
    }
}

//! The inner product of two arenas, and the norm of one.
//!
//! The product of any two `f32` is finite and exact in double precision. Products are summed by lane, always in the same
//! order, so that a sum has the same bits on every instruction set.

use crate::{
    block::{Block, LANES},
    simd::{self, Isa, Task},
};

/// The inner product of two arenas.
pub fn dot(arena: &[Block], other: &[Block]) -> f64 {
    sum(arena.iter().zip(other))
}

/// The Euclidean norm of an arena, each block of which is loaded once.
pub fn norm(arena: &[Block]) -> f64 {
    libm::sqrt(sum(arena.iter().map(
        #[inline(always)]
        |block| (block, block),
    )))
}

/// The sum of all products, lane by lane at first.
fn sum<'a>(pairs: impl Iterator<Item = (&'a Block, &'a Block)>) -> f64 {
    let sums = simd::dispatch(simd::level(), Products(pairs));
    sums.into_iter().sum()
}

/// Pairs of blocks that are multiplied.
struct Products<I>(I);

impl<'a, I: Iterator<Item = (&'a Block, &'a Block)>> Task for Products<I> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f64; LANES] {
        s.vectorize(
            #[inline(always)]
            || {
                let mut sums = [0.0; LANES];
                for (block, other) in self.0 {
                    for ((sum, number), other) in sums.iter_mut().zip(block.0).zip(other.0) {
                        *sum += f64::from(number) * f64::from(other);
                    }
                }
                sums
            },
        )
    }
}

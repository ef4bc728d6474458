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
    let sums = simd::dispatch(simd::level(), Products(arena, other));
    sums.into_iter().sum()
}

/// The Euclidean norm of an arena.
pub fn norm(arena: &[Block]) -> f64 {
    let sums = simd::dispatch(simd::level(), Squares(arena));
    libm::sqrt(sums.into_iter().sum())
}

struct Products<'a>(&'a [Block], &'a [Block]);

impl Task for Products<'_> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f64; LANES] {
        s.vectorize(
            #[inline(always)]
            || sums(self.0.iter().zip(self.1)),
        )
    }
}

/// The product of an arena with itself, each block of which is loaded once.
struct Squares<'a>(&'a [Block]);

impl Task for Squares<'_> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [f64; LANES] {
        s.vectorize(
            #[inline(always)]
            || sums(self.0.iter().map(|block| (block, block))),
        )
    }
}

/// The sums of products, lane by lane.
#[inline(always)]
fn sums<'a>(pairs: impl Iterator<Item = (&'a Block, &'a Block)>) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (block, other) in pairs {
        for ((sum, number), other) in sums.iter_mut().zip(block.0).zip(other.0) {
            *sum += f64::from(number) * f64::from(other);
        }
    }
    sums
}

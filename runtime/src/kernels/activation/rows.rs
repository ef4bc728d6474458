//! A kind's function over blocks that lie side by side: each is compiled once for an instruction set, for all kernels.

use super::{
    function::Function,
    kind::{Kind, of_every_kind},
};
use crate::{
    block::Block,
    simd::{HAS_VECTORS, Isa},
};

/// Blocks that are copied at once where a function works in place: 4 KiB, which the nearest cache keeps, where there is one.
pub const AT_ONCE: usize = if HAS_VECTORS { 64 } else { 8 };

impl Kind {
    /// Whether f(0) = 0.
    pub(crate) fn keeps_zero(self) -> bool {
        of_every_kind!(self, f => f.keeps_zero())
    }

    /// y = f(x).
    #[inline(never)]
    pub(crate) fn apply<S: Isa>(self, s: S, x: &[Block], y: &mut [Block]) {
        of_every_kind!(self, f => s.vectorize(
            #[inline(always)]
            || {
                for (y, x) in y.iter_mut().zip(x) {
                    y.store(f.apply(s, x.load(s)));
                }
            },
        ));
    }

    /// y = f(y).
    pub(crate) fn change<S: Isa>(self, s: S, y: &mut [Block]) {
        let mut x = [Block::ZERO; AT_ONCE];
        for y in y.chunks_mut(AT_ONCE) {
            let x = &mut x[..y.len()];
            x.copy_from_slice(y);
            self.apply(s, x, y);
        }
    }

    /// dx = f'(x) dy.
    #[inline(never)]
    pub(crate) fn gradient<S: Isa>(self, s: S, from: &[Block], dy: &[Block], dx: &mut [Block]) {
        of_every_kind!(self, f => s.vectorize(
            #[inline(always)]
            || {
                for ((dx, dy), from) in dx.iter_mut().zip(dy).zip(from) {
                    dx.store(f.gradient(s, from.load(s), dy.load(s)));
                }
            },
        ));
    }

    /// dy = f'(x) dy.
    pub(super) fn turn<S: Isa>(self, s: S, from: &[Block], dy: &mut [Block]) {
        let mut given = [Block::ZERO; AT_ONCE];
        for (from, dy) in from.chunks(AT_ONCE).zip(dy.chunks_mut(AT_ONCE)) {
            let given = &mut given[..dy.len()];
            given.copy_from_slice(dy);
            self.gradient(s, from, given, dy);
        }
    }
}

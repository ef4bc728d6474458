//! What becomes of a finished sum on its way to memory.

use super::activation::{Activation, Function};
use crate::{block::Block, math, simd::Isa};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};

/// A function of a block of sums.
pub trait Finish: Copy {
    /// What is stored for the sums of panel `panel`, as block `at` of the result.
    fn finish<S: Isa>(self, s: S, sums: f32x16<S>, panel: usize, at: usize) -> f32x16<S>;
}

/// An activation and nothing else.
pub struct Plain<A>(PhantomData<A>);

impl<A> Default for Plain<A> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<A> Clone for Plain<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Plain<A> {}

impl<A: Activation> Finish for Plain<A> {
    #[inline(always)]
    fn finish<S: Isa>(self, s: S, sums: f32x16<S>, _: usize, _: usize) -> f32x16<S> {
        A::apply(s, sums)
    }
}

/// Normalised by running statistics, added to another result if RESIDUAL, then an activation.
#[derive(Clone, Copy)]
pub struct Normal<'a, F, const RESIDUAL: bool> {
    /// For each panel the mean, then what each is multiplied by, then what is added: see
    /// [`lines`](super::batch_norm::lines).
    pub lines: &'a [Block],
    /// Panels.
    pub panels: usize,
    /// The other result, laid out alike; empty if there is none.
    pub residual: &'a [Block],
    /// The activation.
    pub activation: F,
}

/// Sums of a panel on its line.
#[inline(always)]
fn normal<S: Isa>(
    s: S,
    sums: f32x16<S>,
    lines: &[Block],
    [panel, panels]: [usize; 2],
) -> f32x16<S> {
    let [mean, scale, shift] = [0, 1, 2].map(
        #[inline(always)]
        |place| lines[place * panels + panel].load(s),
    );
    math::flush(s, sums - mean).mul_add(scale, shift)
}

/// What a convolution before a normalisation does, told by values: the same code serves inference, which normalises here, and
/// training, which does it later.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// As in [`Normal`]; empty if nothing is normalised.
    pub lines: &'a [Block],
    /// Panels.
    pub panels: usize,
    /// As in [`Normal`].
    pub residual: &'a [Block],
    /// The least and the greatest that is stored, infinite where there is no bound: an activation that is one.
    pub bounds: [f32; 2],
}

impl Finish for Told<'_> {
    #[inline(always)]
    fn finish<S: Isa>(self, s: S, sums: f32x16<S>, panel: usize, at: usize) -> f32x16<S> {
        let mut value = sums;
        if !self.lines.is_empty() {
            value = normal(s, value, self.lines, [panel, self.panels]);
        }
        if !self.residual.is_empty() {
            value += self.residual[at].load(s);
        }
        let [min, max] = self.bounds;
        math::flush(s, value.clamp(min, max))
    }
}

impl<F: Function, const RESIDUAL: bool> Finish for Normal<'_, F, RESIDUAL> {
    #[inline(always)]
    fn finish<S: Isa>(self, s: S, sums: f32x16<S>, panel: usize, at: usize) -> f32x16<S> {
        let mut value = normal(s, sums, self.lines, [panel, self.panels]);
        if RESIDUAL {
            value += self.residual[at].load(s);
        }
        self.activation.apply(s, value)
    }
}

//! How the numbers of units are normalised.

use super::{rule::Rule, span::Group};
use crate::{
    block::{Block, LANES},
    math,
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// What x^ is multiplied by and what is added to it, block by block of a unit; empty where there is none.
#[derive(Clone, Copy)]
pub struct Affine<'a> {
    /// g.
    pub weight: &'a [Block],
    /// b.
    pub bias: &'a [Block],
}

/// How the numbers of up to sixteen units are normalised: (x - near) r + shift, where near is the mean as it was
/// rounded, and shift is -r times the rest of it.
#[derive(Clone, Copy)]
pub struct Lines {
    pub near: [f32; LANES],
    pub shift: [f32; LANES],
    pub inverse: [f32; LANES],
}

impl Lines {
    /// The line of a unit.
    #[inline(always)]
    pub fn of<S: Isa>(&self, s: S, unit: usize) -> [f32x16<S>; 3] {
        let splat = |of: &[f32; LANES]| f32x16::splat(s, of[unit]);
        [splat(&self.near), splat(&self.shift), splat(&self.inverse)]
    }

    /// What forward kept of a group.
    #[inline(always)]
    pub fn kept(group: &Group, statistics: &[f32], rule: Rule) -> Self {
        let mut lines = Self {
            near: [0.0; LANES],
            shift: [0.0; LANES],
            inverse: [0.0; LANES],
        };
        for unit in 0..group.units {
            let kept = &statistics[group.kept[unit]..][..rule.kept()];
            match *kept {
                [near, shift, inverse] => {
                    lines.near[unit] = near;
                    lines.shift[unit] = shift;
                    lines.inverse[unit] = inverse;
                }
                [inverse] => lines.inverse[unit] = inverse,
                _ => {}
            }
        }
        lines
    }

    /// Keeps them for backward.
    #[inline(always)]
    pub fn keep(&self, group: &Group, statistics: &mut [f32], rule: Rule) {
        for unit in 0..group.units {
            let kept = &mut statistics[group.kept[unit]..][..rule.kept()];
            match kept {
                [near, shift, inverse] => {
                    *near = self.near[unit];
                    *shift = self.shift[unit];
                    *inverse = self.inverse[unit];
                }
                [inverse] => *inverse = self.inverse[unit],
                _ => {}
            }
        }
    }
}

/// x^ of x on a line.
#[inline(always)]
pub fn normal<S: Isa>(s: S, x: f32x16<S>, [near, shift, inverse]: [f32x16<S>; 3]) -> f32x16<S> {
    math::flush(s, (x - near).mul_add(inverse, shift))
}

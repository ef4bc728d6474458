//! Sequences of which only the first steps count. Each sample goes through the kernel of a sequence that is not padded,
//! whose axis of time is as long as the sample's: so the sums have the same terms in the same order, and the same bits.
//!
//! A length below 1 counts as 1, and one beyond the steps as all of them. Whoever trains is told of such a length
//! before.

use super::broadcast::{self, Axis, Lanes, Memory, MemoryMut, Term};
use crate::{block::Block, math, simd::Isa};

/// The steps of a sample that count, of so many.
#[inline(always)]
pub fn counted(length: &[u32; 16], steps: usize) -> usize {
    (length[0] as usize).clamp(1, steps)
}

/// The axis of time of a sample: as long as its length says.
fn cut(axes: &[Axis], length: &[u32; 16]) -> Axis {
    let [time] = axes else {
        unreachable!("a sequence is walked along its steps alone")
    };
    Axis {
        size: counted(length, time.size),
        ..*time
    }
}

/// Sample `index` of a tensor that is read; nothing of one that is not.
fn sample((memory, blocks, first): Memory<'_>, index: usize) -> Memory<'_> {
    (&memory[index * blocks..][..blocks], blocks, first)
}

/// The term of a mean: of a sum of so many.
fn share(by: Term, mean: bool, count: usize) -> Term {
    match by {
        Term::Scaled { .. } if mean => Term::Scaled {
            factor: 1.0 / count as f32,
        },
        by => by,
    }
}

/// [`broadcast::sum`] along the steps that count, over their number where it is a mean.
#[allow(clippy::too_many_arguments, reason = "called by expansions")]
pub fn sum<S: Isa>(
    s: S,
    a: Memory<'_>,
    b: Memory<'_>,
    c: Memory<'_>,
    length: &[[u32; 16]],
    dx: MemoryMut<'_>,
    summed: &[Axis],
    lanes: Lanes,
    by: Term,
    mean: bool,
    add: bool,
) {
    let (y, blocks, first) = dx;
    for (index, (length, y)) in length.iter().zip(y.chunks_exact_mut(blocks)).enumerate() {
        let time = cut(summed, length);
        let [a, b, c] = [a, b, c].map(|from| sample(from, index));
        let divisor = if mean { time.size as f32 } else { 1.0 };
        let y = (y, blocks, first);
        broadcast::sum(s, a, b, c, y, &[], &[time], lanes, by, divisor, add);
    }
}

/// [`broadcast::delta`] of the steps that count, a share of it for each where it is a mean's; zeros behind them.
#[allow(clippy::too_many_arguments, reason = "called by expansions")]
pub fn delta<S: Isa>(
    s: S,
    a: Memory<'_>,
    b: Memory<'_>,
    c: Memory<'_>,
    length: &[[u32; 16]],
    dx: MemoryMut<'_>,
    axes: &[Axis],
    lanes: Lanes,
    by: Term,
    mean: bool,
    add: bool,
) {
    let (dx, blocks, first) = dx;
    for (index, (length, dx)) in length.iter().zip(dx.chunks_exact_mut(blocks)).enumerate() {
        let time = cut(axes, length);
        let [a, b, c] = [a, b, c].map(|from| sample(from, index));
        let by = share(by, mean, time.size);
        let dx = (dx, blocks, first);
        broadcast::delta(s, a, b, c, dx, &[time], lanes, by, true, add);
    }
}

/// [`broadcast::extreme`] along the steps that count.
pub fn extreme<S: Isa>(
    s: S,
    x: Memory<'_>,
    length: &[[u32; 16]],
    y: MemoryMut<'_>,
    summed: &[Axis],
    lanes: Lanes,
    sign: f32,
) {
    let (y, blocks, first) = y;
    for (index, (length, y)) in length.iter().zip(y.chunks_exact_mut(blocks)).enumerate() {
        let time = cut(summed, length);
        let (x, y) = (sample(x, index), (y, blocks, first));
        broadcast::extreme(s, x, y, &[], &[time], lanes, sign);
    }
}

/// The last step that counts, of so many; whatever stands behind these is no step.
pub fn last<const T: usize, const B: usize>(
    x: &[[[Block; B]; T]],
    length: &[[u32; 16]],
    steps: usize,
    y: &mut [[Block; B]],
) {
    for ((x, length), y) in x.iter().zip(length).zip(y) {
        y.copy_from_slice(&x[counted(length, steps) - 1]);
    }
}

/// The delta of the last step that counts, and zeros for the others; or more of it.
pub fn last_backward<S: Isa, const T: usize, const B: usize>(
    s: S,
    dy: &[[Block; B]],
    length: &[[u32; 16]],
    steps: usize,
    dx: &mut [[[Block; B]; T]],
    add: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((dx, length), dy) in dx.iter_mut().zip(length).zip(dy) {
                if !add {
                    dx.as_flattened_mut().fill(Block::ZERO);
                }
                for (dx, dy) in dx[counted(length, steps) - 1].iter_mut().zip(dy) {
                    let sum = if add {
                        dx.load(s) + dy.load(s)
                    } else {
                        dy.load(s)
                    };
                    dx.store(math::flush(s, sum));
                }
            }
        },
    );
}

//! Typed views of flat memory: how an expansion turns constant offsets into arrays of constant size.
//!
//! Offsets come from the memory plan, which the compiler checks; a view that does not fit is a bug of the compiler
//! and panics naming it.

pub use crate::loss::in_batch::score;
use crate::{
    batch::{Batch, Place},
    block::{Block, LANES, array, array_mut},
    kernels::{
        copy::{self, Axis},
        embedding::Looked,
    },
    loss::{Loss, Score},
    math,
    simd::Isa,
};
use bytemuck::{Pod, Zeroable, must_cast_slice, must_cast_slice_mut};
use core::ops::Range;

/// Several buffers of one memory at once.
#[inline(always)]
pub fn carve<const N: usize>(memory: &mut [Block], spans: [Range<usize>; N]) -> [&mut [Block]; N] {
    memory
        .get_disjoint_mut(spans)
        .expect("the memory plan keeps live buffers apart and inside the memory")
}

/// Blocks as rows of `K` floats.
#[inline(always)]
pub fn rows<const K: usize>(blocks: &[Block]) -> &[[f32; K]] {
    must_cast_slice::<Block, f32>(blocks).as_chunks::<K>().0
}

/// Blocks as rows of `N` indices.
#[inline(always)]
pub fn tokens<const N: usize>(blocks: &[Block]) -> &[[u32; N]] {
    must_cast_slice::<Block, u32>(blocks).as_chunks::<N>().0
}

/// The caller's samples as rows of `K` floats.
#[inline(always)]
pub fn input_rows<const K: usize, I: Pod>(inputs: &[I]) -> &[[f32; K]] {
    bytemuck::cast_slice(inputs)
}

/// Inputs that are read in place, without tiny numbers: the caller's own where there are none, or else a copy in `room`.
/// A single input that `room` does not hold is [`flushed`] by itself: then there is no result.
#[inline(always)]
pub fn settled<'a, S: Isa, I: Pod>(
    s: S,
    inputs: &'a [I],
    room: &'a mut [Block],
) -> Option<&'a [I]> {
    let numbers = bytemuck::cast_slice::<I, f32>(inputs);
    if !math::any_tiny(s, numbers) {
        return Some(inputs);
    }
    let copy = must_cast_slice_mut::<Block, f32>(room).get_mut(..numbers.len())?;
    copy.copy_from_slice(numbers);
    math::flush_all(s, copy);
    Some(bytemuck::cast_slice(copy))
}

/// An input without tiny numbers.
#[cold]
#[inline(never)]
pub fn flushed<I: Pod>(inputs: &[I]) -> I {
    let mut input = *inputs
        .first()
        .expect("room is missing for one input at most");
    for number in bytemuck::cast_slice_mut::<I, f32>(core::slice::from_mut(&mut input)) {
        *number = math::flush_number(*number);
    }
    input
}

/// Blocks as rows of `B` blocks.
#[inline(always)]
pub fn blocks<const B: usize>(blocks: &[Block]) -> &[[Block; B]] {
    blocks.as_chunks::<B>().0
}

/// Blocks as rows of `B` blocks.
#[inline(always)]
pub fn blocks_mut<const B: usize>(blocks: &mut [Block]) -> &mut [[Block; B]] {
    blocks.as_chunks_mut::<B>().0
}

/// Rows as sequences of `T`.
#[inline(always)]
pub fn sequences<const T: usize, R>(rows: &[R]) -> &[[R; T]] {
    rows.as_chunks::<T>().0
}

/// Blocks as sequences of `T` steps of `B` blocks.
#[inline(always)]
pub fn steps<const T: usize, const B: usize>(memory: &[Block]) -> &[[[Block; B]; T]] {
    sequences(blocks::<B>(memory))
}

/// Blocks as sequences of `T` steps of `B` blocks.
#[inline(always)]
pub fn steps_mut<const T: usize, const B: usize>(memory: &mut [Block]) -> &mut [[[Block; B]; T]] {
    blocks_mut::<B>(memory).as_chunks_mut::<T>().0
}

/// The weights at `place`: `P` panels of `K` blocks.
#[inline(always)]
pub fn panels<const K: usize, const P: usize>(arena: &[Block], place: Place) -> &[[Block; K]; P] {
    arena
        .get(place.first..)
        .and_then(|arena| arena.as_chunks::<K>().0.first_chunk())
        .expect("the arena holds every parameter at its offset")
}

/// The panels of `K` blocks at `place` that lie in a stretch of memory that begins at block `first`, and the number of the
/// first of them.
#[inline(always)]
pub fn stretch_of_panels<const K: usize>(
    stretch: &mut [Block],
    first: usize,
    place: Place,
) -> Option<(usize, &mut [[Block; K]])> {
    let Range { start, end } = place.once();
    let (from, to) = (start.max(first), end.min(first + stretch.len()));
    if from >= to {
        return None;
    }
    let blocks = &mut stretch[from - first..to - first];
    Some(((from - start) / K, blocks.as_chunks_mut().0))
}

/// Memory of which it is known that it has so many blocks.
#[inline(always)]
pub fn known<const BLOCKS: usize>(memory: &mut [Block]) -> &mut [Block; BLOCKS] {
    memory
        .first_chunk_mut()
        .expect("a stream has the memory of its model")
}

/// The blocks at `place`, such as a bias.
#[inline(always)]
pub fn cells<const P: usize>(arena: &[Block], place: Place) -> &[Block; P] {
    arena
        .get(place.first..)
        .and_then(<[Block]>::first_chunk)
        .expect("the arena holds every parameter at its offset")
}

/// Row `row` of the value planned at `place`.
#[inline(always)]
fn row_mut(memory: &mut [Block], place: Place, capacity: usize, row: usize) -> &mut [Block] {
    memory
        .get_mut(place.part(capacity, row, 1))
        .expect("the memory plan has room for every row")
}

/// Copies a sample into row `row` of the value planned at `place`, without tiny numbers; the gap behind it becomes zero.
/// `true` if all numbers are finite. A delta that a loss left is copied by this, too.
#[inline(always)]
pub fn load<S: Isa, I: Pod>(
    s: S,
    sample: &I,
    memory: &mut [Block],
    place: Place,
    capacity: usize,
    row: usize,
) -> bool {
    let row = must_cast_slice_mut::<Block, f32>(row_mut(memory, place, capacity, row));
    let sample = bytemuck::cast_slice::<I, f32>(core::slice::from_ref(sample));
    let (values, gap) = row.split_at_mut(sample.len());
    gap.fill(0.0);
    s.vectorize(
        #[inline(always)]
        || math::flush_copy(s, sample, values),
    )
}

/// [`load`] into another storage: the sample's numbers lie along `axes` from float `first` of the row on, and `gaps` between
/// them become zero.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
#[inline(always)]
pub fn load_stored<S: Isa, I: Pod>(
    s: S,
    sample: &I,
    memory: &mut [Block],
    place: Place,
    capacity: usize,
    row: usize,
    first: usize,
    axes: &[Axis],
    gaps: bool,
) -> bool {
    let row = row_mut(memory, place, capacity, row);
    let sample = bytemuck::cast_slice::<I, f32>(core::slice::from_ref(sample));
    let mut finite = true;
    copy::enter(s, sample, row, first, axes, gaps, &mut finite);
    finite
}

/// [`load`] of indices, which stay as they are; `true` if all of them lie from `least` to `most`.
#[inline(always)]
pub fn load_tokens<I: Pod>(
    sample: &I,
    memory: &mut [Block],
    place: Place,
    capacity: usize,
    row: usize,
    [least, most]: [u32; 2],
) -> bool {
    let row = must_cast_slice_mut::<Block, u32>(row_mut(memory, place, capacity, row));
    let sample = bytemuck::cast_slice::<I, u32>(core::slice::from_ref(sample));
    let (values, gap) = row.split_at_mut(sample.len());
    values.copy_from_slice(sample);
    gap.fill(0);
    let inside = |all, &index: &u32| all & (index >= least) & (index <= most);
    sample.iter().fold(true, inside)
}

/// Copies row `row` of the value planned at `place` to the caller.
#[inline(always)]
pub fn unload<O: Pod>(
    memory: &mut [Block],
    place: Place,
    capacity: usize,
    row: usize,
    output: &mut O,
) {
    let row = must_cast_slice_mut::<Block, f32>(row_mut(memory, place, capacity, row));
    let output = bytemuck::cast_slice_mut::<O, f32>(core::slice::from_mut(output));
    let floats = output.len();
    output.copy_from_slice(&row[..floats]);
}

/// [`unload`] from another storage: the output's numbers lie along `axes` from float `first` of the row on.
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
#[inline(always)]
pub fn unload_stored<S: Isa, O: Pod>(
    s: S,
    memory: &mut [Block],
    place: Place,
    capacity: usize,
    row: usize,
    output: &mut O,
    first: usize,
    axes: &[Axis],
) {
    let row = row_mut(memory, place, capacity, row);
    let output = bytemuck::cast_slice_mut::<O, f32>(core::slice::from_mut(output));
    copy::leave(s, row, first, output, axes);
}

/// Room for one sample's outputs and their deltas, which begin as zeros.
#[inline(always)]
pub fn pair<O: Zeroable>(pair: &mut [O]) -> [&mut O; 2] {
    let [output, delta, ..] = pair else {
        unreachable!("who says that it needs a pair is given one")
    };
    bytemuck::write_zeroes(delta);
    [output, delta]
}

/// Judges every row of a lone output of `B` blocks, in place; whatever the loss leaves as delta is flushed.
#[inline(always)]
pub fn judge<S: Isa, O: Pod, T, L: Loss<O, T>, const B: usize>(
    s: S,
    loss: &L,
    values: &[Block],
    deltas: &mut [Block],
    targets: &[T],
    scale: f32,
    scores: &mut [Score],
) {
    let rows = values.chunks_exact(B).zip(deltas.chunks_exact_mut(B));
    for (((value, delta), target), result) in rows.zip(targets).zip(scores) {
        delta.fill(Block::ZERO);
        let delta = array_mut(delta);
        *result = score(s, loss, array::<O>(value), target, scale, delta);
        math::flush_all(s, bytemuck::cast_slice_mut(core::slice::from_mut(delta)));
    }
}

/// The batch's rows of two values side by side, chunk by chunk: rows of `K` floats and rows of `B` blocks.
#[inline(always)]
pub fn row_pairs<'a, const K: usize, const B: usize>(
    batch: Batch<'a>,
    x: Place,
    dy: Place,
) -> impl Iterator<Item = (&'a [[f32; K]], &'a [[Block; B]])> + Clone {
    let x = batch.slices(x).map(rows::<K>);
    x.zip(row_blocks(batch, dy))
}

/// Samples of `T` steps of `B` blocks.
pub type Sequences<'a, const T: usize, const B: usize> = &'a [[[Block; B]; T]];

/// The batch's sequences of two values side by side, chunk by chunk: `T` steps of `A` and of `B` blocks.
#[inline(always)]
pub fn step_pairs<'a, const T: usize, const A: usize, const U: usize, const B: usize>(
    batch: Batch<'a>,
    y: Place,
    dz: Place,
) -> impl Iterator<Item = (Sequences<'a, T, A>, Sequences<'a, U, B>)> + Clone {
    let y = batch.slices(y).map(steps::<T, A>);
    y.zip(batch.slices(dz).map(steps::<U, B>))
}

/// The batch's rows of whatever values, each chunk with the lengths of its sequences.
#[inline(always)]
pub fn with_lengths<'a, R>(
    rows: impl Iterator<Item = R> + Clone,
    batch: Batch<'a>,
    lengths: Place,
) -> impl Iterator<Item = (R, &'a [[u32; LANES]])> + Clone {
    rows.zip(batch.slices(lengths).map(tokens::<LANES>))
}

/// The batch's rows of a value, chunk by chunk, `B` blocks each.
#[inline(always)]
pub fn row_blocks<'a, const B: usize>(
    batch: Batch<'a>,
    value: Place,
) -> impl Iterator<Item = &'a [[Block; B]]> + Clone {
    batch.slices(value).map(blocks::<B>)
}

/// The batch's tokens and the deltas of what they were looked up as, chunk by chunk, `steps` for each sample.
#[inline(always)]
pub fn token_rows<'a>(
    batch: Batch<'a>,
    x: Place,
    dy: Place,
    steps: usize,
) -> impl Iterator<Item = Looked<'a>> + Clone {
    let chunks = batch.slices(x).zip(batch.slices(dy));
    chunks.map(
        #[inline(always)]
        move |(tokens, dy)| Looked {
            tokens: must_cast_slice(tokens),
            stride: x.blocks * LANES,
            steps,
            dy,
        },
    )
}

const _: () = assert!(LANES * size_of::<f32>() == size_of::<Block>());

#[cfg(test)]
mod tests {
    use super::{Place, stretch_of_panels};
    use crate::block::Block;

    #[test]
    fn a_stretch_holds_the_panels_that_it_covers() {
        let mut memory = [Block::ZERO; 12];
        // Four panels of three blocks from block 6 on.
        let place = Place::new(6, 12);
        let mut held = |first: usize, blocks: usize| {
            let found = stretch_of_panels::<3>(&mut memory[..blocks], first, place);
            found.map(|(panel, panels)| (panel, panels.len()))
        };
        assert_eq!(held(0, 6), None);
        assert_eq!(held(0, 9), Some((0, 1)));
        assert_eq!(held(6, 12), Some((0, 4)));
        assert_eq!(held(9, 6), Some((1, 2)));
        assert_eq!(held(12, 12), Some((2, 2)));
        assert_eq!(held(18, 3), None);
    }
}

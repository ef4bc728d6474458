//! Strided copies: what slicing, concatenating and changing a storage come down to.

use crate::{block::Block, math::flush_number};
use bytemuck::{must_cast_slice, must_cast_slice_mut};

/// One axis of a copied region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours in the source.
    pub from: usize,
    /// Floats between neighbours in the target.
    pub to: usize,
}

/// Copies a region of every sample, or adds it. `CLEAR` zeroes the target first.
///
/// Source and target are memory, blocks per sample, and the region's first float.
pub fn strided<const CLEAR: bool, const ADD: bool>(
    (x, x_blocks, from): (&[Block], usize, usize),
    (y, y_blocks, to): (&mut [Block], usize, usize),
    axes: &[Axis],
) {
    if CLEAR {
        y.fill(Block::ZERO);
    }
    for (x, y) in x.chunks_exact(x_blocks).zip(y.chunks_exact_mut(y_blocks)) {
        let (x, y) = (must_cast_slice(x), must_cast_slice_mut(y));
        region::<ADD>(&x[from..], &mut y[to..], axes);
    }
}

/// One sample's region, the outermost axis first.
fn region<const ADD: bool>(x: &[f32], y: &mut [f32], axes: &[Axis]) {
    let combine = |y: &mut f32, x: f32| {
        *y = if ADD { flush_number(*y + x) } else { x };
    };
    match axes {
        [] => combine(&mut y[0], x[0]),
        [
            Axis {
                size,
                from: 1,
                to: 1,
            },
        ] => {
            for (y, &x) in y[..*size].iter_mut().zip(&x[..*size]) {
                combine(y, x);
            }
        }
        [axis, inner @ ..] => {
            for index in 0..axis.size {
                region::<ADD>(&x[index * axis.from..], &mut y[index * axis.to..], inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, strided};
    use crate::block::Block;
    use bytemuck::must_cast_slice;

    /// A 3 x 4 matrix at stride 16, transposed into stride 3 from float 2 on, for two samples.
    #[test]
    fn regions_are_copied_and_added() {
        let mut x = [Block::ZERO; 6];
        for (index, block) in x.iter_mut().enumerate() {
            block.0[..4].copy_from_slice(&core::array::from_fn::<f32, 4, _>(|lane| {
                (index * 4 + lane) as f32
            }));
        }
        let axes = [
            Axis {
                size: 4,
                from: 1,
                to: 3,
            },
            Axis {
                size: 3,
                from: 16,
                to: 1,
            },
        ];
        let mut y = [Block([7.0; 16]); 2];
        strided::<true, false>((&x, 3, 0), (&mut y, 1, 2), &axes);
        let expected = [
            0.0, 0.0, 0.0, 4.0, 8.0, 1.0, 5.0, 9.0, 2.0, 6.0, 10.0, 3.0, 7.0, 11.0, 0.0, 0.0,
        ];
        assert_eq!(y[0].0, expected);
        strided::<false, true>((&x, 3, 0), (&mut y, 1, 2), &axes);
        assert_eq!(y[0].0, expected.map(|value| 2.0 * value));
        assert_eq!(must_cast_slice::<Block, f32>(&y)[16 + 3], 2.0 * 16.0);
    }
}

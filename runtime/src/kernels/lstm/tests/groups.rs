//! How many samples advance together changes no bit, and what they take of a stack is bounded.

use super::{super::*, Layer};
use crate::simd::{self, Task};
use std::{vec, vec::Vec};

type Narrow = Layer<3, 3, 3, 20, 2, 8, 128, 32, 1>;

/// Forward and backward with up to `G` samples advancing together, as a task.
struct Together<'a, const G: usize>(&'a Narrow);

impl<const G: usize> Task for Together<'_, G> {
    type Output = (Vec<[[Block; 2]; 3]>, Vec<[[Block; 8]; 3]>);

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let Self(layer) = self;
        let weights = Weights {
            input: &layer.input,
            recurrent: &layer.recurrent,
            input_bias: &layer.input_bias,
            recurrent_bias: &layer.recurrent_bias,
        };
        let samples = layer.x.len();
        let mut gates = vec![[[Block::ZERO; 8]; 3]; samples];
        let mut cells = vec![[[Block::ZERO; 2]; 3]; samples];
        let mut y = cells.clone();
        project::<S, 3, 3, 20, 8, 128>(
            s,
            layer.x.as_flattened(),
            weights,
            gates.as_flattened_mut(),
        );
        let mut recurrent = [[Block::ZERO; 128]; 2];
        dense::transpose::<S, 20, 128, 8>(s, &layer.recurrent, 0, &mut recurrent);
        for first in (0..samples).step_by(G) {
            let rows = first..samples.min(first + G);
            let (gates, cells) = (&mut gates[rows.clone()], &mut cells[rows.clone()]);
            let (y, dy) = (&mut y[rows.clone()], &layer.dy[rows]);
            let w = weights.recurrent;
            forward::advance_group::<S, 3, 20, 2, 8, G>(s, w, gates, Some(&mut *cells), y);
            backward::retreat::<S, 3, 2, 8, 128, G>(s, &recurrent, cells, dy, gates);
        }
        (y, gates)
    }
}

/// Wide layers let fewer samples advance together, with the same bits.
#[test]
fn groups_of_any_size_agree() {
    let layer = Narrow::new(31);
    for level in simd::levels() {
        let expected = simd::dispatch(level, Together::<GROUP>(&layer));
        assert!(
            simd::dispatch(level, Together::<12>(&layer)) == expected,
            "{level:?}"
        );
        assert!(
            simd::dispatch(level, Together::<6>(&layer)) == expected,
            "{level:?}"
        );
        assert!(
            simd::dispatch(level, Together::<2>(&layer)) == expected,
            "{level:?}"
        );
        assert!(
            simd::dispatch(level, Together::<1>(&layer)) == expected,
            "{level:?}"
        );
    }
}

#[test]
fn states_are_bounded_on_the_stack() {
    for blocks in 1..=1536 {
        assert!(group(blocks) >= 1 && 2 * group(blocks) * blocks * size_of::<Block>() <= 192 << 10);
    }
}

//! However wide a layer is, nothing of it stands on a stack.

use super::super::*;
use crate::{
    block::{Block, LANES},
    simd::{self, Isa, Task},
};
use bytemuck::allocation::zeroed_slice_box;
use std::{thread, vec};

/// Units, and their blocks, panels and floats.
const H: usize = 16_384;
const B: usize = H / LANES;
const P: usize = 4 * B;
const N: usize = P * LANES;

/// A lone step of two samples: it meets no recurrent weight, whose four gigabytes are never touched.
struct Wide;

impl Task for Wide {
    type Output = Option<()>;

    fn run<S: Isa>(self, s: S) -> Option<()> {
        let recurrent = zeroed_slice_box::<[Block; H]>(P);
        let input = zeroed_slice_box::<[Block; 1]>(P);
        let bias = zeroed_slice_box::<Block>(P);
        let bias = bias.first_chunk()?;
        let weights = Weights::<1, H, P> {
            input: input.first_chunk()?,
            recurrent: recurrent.first_chunk()?,
            input_bias: bias,
            recurrent_bias: bias,
        };
        let x = [[[1.0; 1]; 1]; 2];
        let mut gates = zeroed_slice_box::<[[Block; P]; 1]>(2);
        let mut cells = zeroed_slice_box::<[[Block; B]; 1]>(2);
        let mut y = zeroed_slice_box::<[[Block; B]; 1]>(2);
        let mut state = vec![Block([f32::NAN; LANES]); 2 * P];
        infer::<S, Lstm, 1, 1, 1, 1, H, B, P, N, 4, B>(
            s,
            &x,
            None,
            None,
            Order::default(),
            weights,
            &mut gates,
            &mut y,
            &mut state,
        );
        let (cells, y) = (&mut cells, &mut y);
        forward::<S, Lstm, 1, 1, 1, 1, H, B, P, N, 4, B>(
            s,
            &x,
            None,
            None,
            Order::default(),
            weights,
            &mut gates,
            Some(cells),
            y,
            &mut state,
        );
        let transposed = zeroed_slice_box::<[Block; N]>(B);
        let transposed = transposed.first_chunk()?;
        backward::<S, Lstm, 1, 1, H, B, P, N, 4, B>(
            s,
            transposed,
            None,
            Order::default(),
            y,
            &mut gates,
            Some(cells),
            None,
            None,
            &mut state,
        );
        Some(())
    }
}

#[test]
fn sixteen_thousand_units_fit_the_stack_of_a_thread() {
    for level in simd::levels() {
        // What a thread has if nothing else is said. Frames of a build without optimisation and without vectors take more
        // than half of it, whatever the width.
        let thread = thread::Builder::new().stack_size(2 << 20);
        let thread = thread.spawn(move || simd::dispatch(level, Wide)).unwrap();
        assert_eq!(thread.join().unwrap(), Some(()), "{level:?}");
    }
}

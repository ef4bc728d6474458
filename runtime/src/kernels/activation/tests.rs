//! Against the definitions in f64, and derivatives against differences of them.

use super::*;
use crate::{
    block::LANES,
    simd::{self, Task},
};
use std::{marker::PhantomData, println};

/// Rows of three blocks, of which 37 floats are numbers.
const BLOCKS: usize = 3;
const FLOATS: usize = 37;
const ROWS: usize = 4;

/// From -6 to 6, and no number at which a slope jumps.
fn number(i: usize) -> f64 {
    (i * 29 % 96) as f64 / 8.0 - 5.9375
}

fn floats(blocks: &[Block]) -> &[f32] {
    bytemuck::must_cast_slice(blocks)
}

/// Rows with zeros for padding.
fn rows(number: impl Fn(usize) -> f64) -> [Block; ROWS * BLOCKS] {
    let mut rows = [Block::ZERO; ROWS * BLOCKS];
    for (i, value) in must_cast_slice_mut::<Block, f32>(&mut rows)
        .iter_mut()
        .enumerate()
    {
        if i % (BLOCKS * LANES) < FLOATS {
            *value = number(i) as f32;
        }
    }
    rows
}

struct Case<A>(fn(f64) -> f64, PhantomData<A>);

impl<A: Activation> Task for Case<A> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let Self(f, _) = self;
        let (x, dy) = (rows(number), rows(|i| 1.0 - i as f64 / 64.0));
        let slope = |x: f64| (f(x + 1e-6) - f(x - 1e-6)) / 2e-6;
        let close = |found: &[Block], expected: &dyn Fn(f64, f64) -> f64| {
            let numbers = floats(&x).iter().zip(floats(&dy));
            for (i, (&found, (&x, &dy))) in floats(found).iter().zip(numbers).enumerate() {
                let inside = i % (BLOCKS * LANES) < FLOATS;
                let expected = if inside {
                    expected(f64::from(x), f64::from(dy))
                } else {
                    0.0
                };
                let error = (f64::from(found) - expected).abs();
                assert!(
                    error <= 1e-6 * expected.abs().max(1.0),
                    "{i}: {found}, {expected}"
                );
            }
        };
        let mut y = [Block([f32::NAN; LANES]); ROWS * BLOCKS];
        forward::<S, A>(s, &x, &mut y, BLOCKS, FLOATS);
        close(&y, &|x, _| f(x));
        let mut dx = dy;
        backward::<S, A>(s, &y, &mut dx);
        close(&dx, &|x, dy| slope(x) * dy);
        let mut dx = [Block([f32::NAN; LANES]); ROWS * BLOCKS];
        backward_into::<S, A, false>(s, &y, &dy, &mut dx);
        close(&dx, &|x, dy| slope(x) * dy);
        backward_into::<S, A, true>(s, &y, &dy, &mut dx);
        close(&dx, &|x, dy| 2.0 * slope(x) * dy);
        println!("{} on {:?}", core::any::type_name::<A>(), S::SET);
    }
}

#[test]
fn activations_follow_their_definitions() {
    for level in simd::levels() {
        simd::dispatch(level, Case::<Identity>(|x| x, PhantomData));
        simd::dispatch(level, Case::<Relu>(|x| x.max(0.0), PhantomData));
        simd::dispatch(
            level,
            Case::<Sigmoid>(|x| 1.0 / (1.0 + (-x).exp()), PhantomData),
        );
        simd::dispatch(level, Case::<Tanh>(f64::tanh, PhantomData));
    }
}

/// The derivative of ReLU at 0 is 0, as PyTorch has it.
#[test]
fn relu_does_not_slope_at_zero() {
    struct AtZero;
    impl Task for AtZero {
        type Output = f32;
        fn run<S: Isa>(self, s: S) -> f32 {
            let mut delta = [Block([1.0; LANES])];
            backward::<S, Relu>(s, &[Block::ZERO], &mut delta);
            delta[0].0[0]
        }
    }
    for level in simd::levels() {
        assert_eq!(simd::dispatch(level, AtZero), 0.0);
    }
}

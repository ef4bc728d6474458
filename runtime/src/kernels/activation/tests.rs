//! Against the definitions in f64, and derivatives against differences of them.

mod accuracy;
mod kinks;

use super::{
    function::{
        Abs, Exp, FastSigmoid, FastTanh, Gelu, GeluTanh, HardSigmoid, HardSwish, Log, Mish, Selu,
        Silu, Softsign, Sqrt,
    },
    *,
};
use crate::{
    block::LANES,
    simd::{self, Task},
};
use bytemuck::must_cast_slice_mut;
use fearless_simd::prelude::*;
use std::{marker::PhantomData, println, vec, vec::Vec};

/// Two pixels of three blocks, of which 37 floats are channels, in a border.
const PIXELS: Pixels = Pixels {
    blocks: 4 * 3,
    first: 3,
    rows: 2,
    columns: 1,
    row: 3,
    panels: 3,
    channels: 37,
};
const SAMPLES: usize = 2;

/// The bits of a parameter.
const fn bits(number: f32) -> u32 {
    number.to_bits()
}

/// From -6 to 6, and no number at which a slope jumps.
fn number(i: usize) -> f64 {
    (i * 29 % 96) as f64 / 8.0 - 5.9375
}

fn floats(blocks: &[Block]) -> &[f32] {
    bytemuck::must_cast_slice(blocks)
}

/// Whether float `i` is a number, and not border or padding.
fn is_number(i: usize) -> bool {
    let (row, lane) = (i / (3 * LANES) % 4, i % (3 * LANES));
    (1..3).contains(&row) && lane < PIXELS.channels
}

/// Samples with zeros for padding.
fn samples(number: impl Fn(usize) -> f64) -> Vec<Block> {
    let mut samples = vec![Block::ZERO; SAMPLES * PIXELS.blocks];
    for (i, value) in must_cast_slice_mut::<Block, f32>(&mut samples)
        .iter_mut()
        .enumerate()
    {
        if is_number(i) {
            *value = number(i) as f32;
        }
    }
    samples
}

/// How a derivative is found.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Output,
    Input,
}

struct Case<A>(fn(f64) -> f64, From, f64, PhantomData<A>);

impl<A: Declared> Task for Case<A> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let Self(f, from, bound, _) = self;
        let positive = f(-1.0).is_nan();
        let number = |i| if positive { number(i).abs() } else { number(i) };
        let (x, dy) = (samples(number), samples(|i| 1.0 - i as f64 / 512.0));
        let slope = |x: f64| (f(x + 1e-6) - f(x - 1e-6)) / 2e-6;
        let name = core::any::type_name::<A>();
        let close = |found: &[Block], expected: &dyn Fn(f64, f64) -> f64| {
            let numbers = floats(&x).iter().zip(floats(&dy));
            for (i, (&found, (&x, &dy))) in floats(found).iter().zip(numbers).enumerate() {
                let expected = if is_number(i) {
                    expected(f64::from(x), f64::from(dy))
                } else {
                    0.0
                };
                let error = (f64::from(found) - expected).abs();
                assert!(
                    error <= bound * expected.abs().max(1.0),
                    "{name} at {i}: {found}, {expected}"
                );
            }
        };
        let dirty = || vec![Block([f32::NAN; LANES]); x.len()];
        let mut y = dirty();
        forward::<S, A>(s, &x, &mut y, PIXELS);
        close(&y, &|x, _| f(x));
        let given = if from == From::Input { &x } else { &y };
        let mut dx = dy.clone();
        backward::<S, A>(s, given, &mut dx);
        close(&dx, &|x, dy| slope(x) * dy);
        let mut dx = dirty();
        backward_into::<S, A, false>(s, given, &dy, &mut dx);
        close(&dx, &|x, dy| slope(x) * dy);
        backward_into::<S, A, true>(s, given, &dy, &mut dx);
        close(&dx, &|x, dy| 2.0 * slope(x) * dy);

        // A row in place, and what contractions apply to each block, have the same bits.
        let mut changed = x.clone();
        A::KIND.change(s, &mut changed);
        for (i, (&changed, &y)) in floats(&changed).iter().zip(floats(&y)).enumerate() {
            assert!(!is_number(i) || changed.to_bits() == y.to_bits(), "{name}");
        }
        every_bit::<S, A>(s);
        println!("{name} on {:?}", S::SET);
    }
}

/// f(flush(x)) and f(x) are the same, nothing that is stored is tiny, and NaN stays NaN, whatever the bits of x.
fn every_bit<S: Isa, A: Declared>(s: S) {
    let mantissas = [0, 1, 0x0012_3456, 0x0040_0000, 0x007f_ffff];
    let signed = (0..512_u32).flat_map(|upper| mantissas.map(|low| (upper << 23) | low));
    let patterns: Vec<f32> = signed.map(f32::from_bits).collect();
    assert_eq!(A::KEEPS_ZERO, A::KIND.keeps_zero());
    let tiny = |x: f32| x != 0.0 && x.abs() < math::TINY;
    for chunk in patterns.chunks_exact(LANES) {
        let mut x = Block::ZERO;
        x.0.copy_from_slice(chunk);
        let apply = |x: f32x16<S>| {
            let mut y = Block::ZERO;
            y.store(A::apply(s, x));
            y.0
        };
        let (raw, flushed) = (apply(x.load(s)), apply(math::flush(s, x.load(s))));
        for ((x, raw), flushed) in x.0.into_iter().zip(raw).zip(flushed) {
            let name = core::any::type_name::<A>();
            let same = raw.to_bits() == flushed.to_bits() || raw.is_nan() && flushed.is_nan();
            assert!(same, "{name} of {x:e}: {raw:e}, {flushed:e}");
            assert!(!tiny(raw), "{name} of {x:e}: {raw:e}");
            assert!(!x.is_nan() || raw.is_nan(), "{name} of {x:e}: {raw:e}");
        }
        let given = math::flush(s, x.load(s));
        for dy in [1.0, -1e-10, 2.0_f32.powi(-63), 0.0] {
            let mut dx = Block::ZERO;
            dx.store(A::gradient(s, given, f32x16::splat(s, dy)));
            for (x, dx) in x.0.into_iter().zip(dx.0) {
                let name = core::any::type_name::<A>();
                assert!(!tiny(dx), "{name} at {x:e}, {dy:e}: {dx:e}");
                let zero = math::flush_number(x) == 0.0 && dy == 0.0;
                assert!(!zero || dx == 0.0, "{name} at {x:e}: {dx:e}");
            }
        }
    }
}

/// What softplus is above its threshold.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}

fn gelu_tanh(x: f64) -> f64 {
    let z = core::f64::consts::FRAC_2_SQRT_PI * core::f64::consts::SQRT_2;
    x * sigmoid(z * (x + 0.044715 * x.powi(3)))
}

/// Runs a case on every instruction set.
fn check<A: Declared>(f: fn(f64) -> f64, from: From) {
    check_within::<A>(f, from, 1e-6);
}

/// The same for a function of so large an error.
fn check_within<A: Declared>(f: fn(f64) -> f64, from: From, bound: f64) {
    for level in simd::levels() {
        simd::dispatch(level, Case::<A>(f, from, bound, PhantomData));
    }
}

#[test]
fn activations_follow_their_definitions() {
    use self::From::{Input, Output};
    check::<Identity>(|x| x, Output);
    check::<Relu>(|x| x.max(0.0), Output);
    check::<Sigmoid>(sigmoid, Output);
    check::<Tanh>(f64::tanh, Output);
    check_within::<FastSigmoid>(sigmoid, Output, 1.5e-5);
    // The derivative, 1 - y^2, has twice the error of y, and is added to itself.
    check_within::<FastTanh>(f64::tanh, Output, 5.5e-5);
    check::<HardTanh<{ bits(-1.25) }, { bits(3.25) }>>(|x| x.clamp(-1.25, 3.25), Output);
    check::<HardTanh<{ bits(0.25) }, { bits(f32::INFINITY) }>>(|x| x.max(0.25), Output);
    check::<LeakyRelu<{ bits(0.125) }>>(|x| x.max(0.125 * x), Output);
    check::<LeakyRelu<{ bits(3.0) }>>(|x| x.min(3.0 * x), Output);
    check::<LeakyRelu<{ bits(-0.5) }>>(|x| x.max(-0.5 * x), Input);
    check::<Elu<{ bits(0.75) }>>(|x| if x > 0.0 { x } else { 0.75 * x.exp_m1() }, Output);
    check::<Elu<{ bits(-0.5) }>>(|x| if x > 0.0 { x } else { -0.5 * x.exp_m1() }, Input);
    let selu: fn(f64) -> f64 = |x| {
        let below = 1.673_263_242_354_377_2 * x.exp_m1();
        1.050_700_987_355_480_5 * if x > 0.0 { x } else { below }
    };
    check::<Selu>(selu, Output);
    check::<Gelu>(|x| x * normal_cdf(x), Input);
    check::<GeluTanh>(gelu_tanh, Input);
    check::<Silu>(|x| x * sigmoid(x), Input);
    check::<Mish>(|x| x * softplus(x).tanh(), Input);
    check::<Softplus<{ bits(1.0) }, { bits(20.0) }>>(softplus, Output);
    check::<Softplus<{ bits(2.5) }, { bits(18.0) }>>(|x| softplus(2.5 * x) / 2.5, Output);
    let low: fn(f64) -> f64 = |x| if x > 2.0 { x } else { 2.0 * softplus(0.5 * x) };
    check::<Softplus<{ bits(0.5) }, { bits(1.0) }>>(low, Input);
    check::<Softsign>(|x| x / (1.0 + x.abs()), Output);
    check::<HardSigmoid>(|x| (x / 6.0 + 0.5).clamp(0.0, 1.0), Output);
    check::<HardSwish>(|x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0), Input);
    check::<Abs>(f64::abs, Input);
    check::<Sqrt>(f64::sqrt, Output);
    check::<Exp>(f64::exp, Output);
    check::<Log>(f64::ln, Input);
}

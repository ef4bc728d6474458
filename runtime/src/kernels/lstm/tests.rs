//! The layer against loops in f64, its deltas against differences of a scalar loss, and itself under every cut.

#![allow(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas"
)]

mod long;
mod reference;
mod wide;

use super::{cell::*, *};
use crate::{
    block::{Block, LANES},
    kernels::dense,
    simd::Isa,
};
use crate::{
    simd::{self, Task},
    update::{Consumer, Store, Stretch},
};
use reference::{Parameter, Reference};
use std::{boxed::Box, vec, vec::Vec};

/// A layer's operands, as kernels take them; its sizes are those of the module above, and `F = 16 B`.
struct Layer<
    const T: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const F: usize,
    const Q: usize,
> {
    reference: Reference,
    input: Box<[[Block; I]; P]>,
    recurrent: Box<[[Block; H]; P]>,
    input_bias: [Block; P],
    recurrent_bias: [Block; P],
    x: Vec<[[f32; KS]; T]>,
    /// dL/dy of the loss that the reference computes.
    dy: Vec<[[Block; B]; T]>,
}

/// All that the kernels give.
#[derive(Clone, PartialEq, Debug)]
struct Results<const T: usize, const B: usize, const P: usize, const Q: usize> {
    inferred: Vec<[[Block; B]; T]>,
    streamed: Vec<[[Block; B]; T]>,
    y: Vec<[[Block; B]; T]>,
    cells: Vec<[[Block; B]; T]>,
    dz: Vec<[[Block; P]; T]>,
    dx: Vec<[[Block; Q]; T]>,
    input: Vec<Block>,
    recurrent: Vec<Block>,
    bias: Vec<Block>,
}

/// Runs every kernel, with the samples in chunks of `chunk` and parameters in parts of `part` blocks.
struct Run<
    'a,
    const T: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const F: usize,
    const Q: usize,
> {
    layer: &'a Layer<T, I, KS, H, B, P, N, F, Q>,
    chunk: usize,
    part: usize,
}

impl<
    const T: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const F: usize,
    const Q: usize,
> Task for Run<'_, T, I, KS, H, B, P, N, F, Q>
{
    type Output = Results<T, B, P, Q>;

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let Self { layer, chunk, part } = self;
        let weights = Weights {
            input: &layer.input,
            recurrent: &layer.recurrent,
            input_bias: &layer.input_bias,
            recurrent_bias: &layer.recurrent_bias,
        };
        let nan = Block([f32::NAN; LANES]);
        let samples = layer.x.len();
        let mut gates = vec![[[nan; P]; T]; samples];
        let mut results = Results {
            inferred: vec![[[nan; B]; T]; samples],
            streamed: vec![[[nan; B]; T]; samples],
            y: vec![[[nan; B]; T]; samples],
            cells: vec![[[nan; B]; T]; samples],
            dz: vec![],
            dx: vec![[[nan; Q]; T]; samples],
            input: vec![nan; P * I],
            recurrent: vec![nan; P * H],
            bias: vec![nan; P],
        };
        let mut recurrent: Box<[[Block; N]; B]> = vec![[nan; N]; B].try_into().unwrap();
        dense::transpose::<S, H, N, P>(s, &layer.recurrent, 0, &mut recurrent[..]);
        let mut input: Box<[[Block; N]; Q]> = vec![[nan; N]; Q].try_into().unwrap();
        dense::transpose::<S, I, N, P>(s, &layer.input, 0, &mut input[..]);
        for from in (0..samples).step_by(chunk) {
            let rows = from..samples.min(from + chunk);
            let (x, gates) = (&layer.x[rows.clone()], &mut gates[rows.clone()]);
            let y = &mut results.inferred[rows.clone()];
            let mut state = vec![nan; 4 * B * x.len()];
            infer::<S, T, I, KS, H, B, P, N>(s, x, weights, gates, y, &mut state);
            let (cells, y) = (
                &mut results.cells[rows.clone()],
                &mut results.y[rows.clone()],
            );
            state.fill(nan);
            forward::<S, T, I, KS, H, B, P, N>(s, x, weights, gates, cells, y, &mut state);
            let (dy, dx) = (&layer.dy[rows.clone()], &mut results.dx[rows]);
            state.fill(nan);
            backward::<S, T, H, B, P, N>(s, &recurrent, cells, dy, gates, &mut state);
            input_gradient::<S, T, I, P, N, Q, false>(s, gates, &input, dx);
            // Twice itself, by adding.
            input_gradient::<S, T, I, P, N, Q, true>(s, gates, &input, dx);
        }
        for (x, y) in layer.x.iter().zip(&mut results.streamed) {
            let mut state = State::default();
            for (x, y) in x.iter().zip(y) {
                stream::<S, I, KS, H, B, P, N>(s, x, weights, &mut state);
                *y = state.h;
            }
        }
        let x = layer.x.chunks(chunk).zip(gates.chunks(chunk));
        let x = x.map(|(x, dz)| (x.as_flattened(), dz.as_flattened()));
        for (i, w) in results.input.chunks_mut(part).enumerate() {
            let state = &mut vec![(); w.len()];
            let mut sink = Consumer::new(s, &Store, w, state);
            let mut stretch = Stretch::new(&mut sink, i * part);
            update::<S, I, KS, P>(s, x.clone(), &mut stretch);
        }
        for (i, w) in results.recurrent.chunks_mut(part).enumerate() {
            let state = &mut vec![(); w.len()];
            let mut sink = Consumer::new(s, &Store, w, state);
            let mut stretch = Stretch::new(&mut sink, i * part);
            let y = results.y.chunks(chunk).zip(gates.chunks(chunk));
            let rows = recurrent_rows::<T, B, P, F>(y);
            update::<S, H, F, P>(s, rows, &mut stretch);
        }
        for (i, b) in results.bias.chunks_mut(part).enumerate() {
            let state = &mut vec![(); b.len()];
            let dz = gates.chunks(chunk).map(|dz| dz.as_flattened());
            let mut sink = Consumer::new(s, &Store, b, state);
            dense::update_bias::<S, P>(s, dz, &mut Stretch::new(&mut sink, i * part));
        }
        results.dz = gates;
        results
    }
}

impl<
    const T: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const F: usize,
    const Q: usize,
> Layer<T, I, KS, H, B, P, N, F, Q>
{
    fn new(samples: usize) -> Self {
        let reference = Reference::new(samples, T, I, H);
        let mut layer = Self {
            input: vec![[Block::ZERO; I]; P].try_into().unwrap(),
            recurrent: vec![[Block::ZERO; H]; P].try_into().unwrap(),
            input_bias: [Block::ZERO; P],
            recurrent_bias: [Block::ZERO; P],
            // What lies between the rows of x must not matter.
            x: vec![[[f32::NAN; KS]; T]; samples],
            dy: vec![[[Block::ZERO; B]; T]; samples],
            reference,
        };
        for (parameter, &value) in layer.reference.parameters() {
            let value = value as f32;
            match parameter {
                Parameter::Input { panel, lane, k } => layer.input[panel][k].0[lane] = value,
                Parameter::Recurrent { panel, lane, k } => {
                    layer.recurrent[panel][k].0[lane] = value;
                }
                Parameter::InputBias { panel, lane } => layer.input_bias[panel].0[lane] = value,
                Parameter::RecurrentBias { panel, lane } => {
                    layer.recurrent_bias[panel].0[lane] = value;
                }
            }
        }
        for (at, &value) in layer.reference.x.iter().enumerate() {
            layer.x[at / I / T][at / I % T][at % I] = value as f32;
        }
        for (at, &value) in layer.reference.dy.iter().enumerate() {
            let unit = at % H;
            layer.dy[at / H / T][at / H % T][unit / LANES].0[unit % LANES] = value as f32;
        }
        layer
    }

    /// (8), (9) and (10) from dz, in the layout of the parameters.
    fn products(&self, results: &Results<T, B, P, Q>) -> [(&'static str, Vec<f64>); 3] {
        let mut input = vec![0.0; P * I * LANES];
        let mut recurrent = vec![0.0; P * H * LANES];
        let mut bias = vec![0.0; P * LANES];
        for (sample, dz) in results.dz.iter().enumerate() {
            for (t, dz) in dz.iter().enumerate() {
                for at in 0..P * LANES {
                    let (panel, lane) = (at / LANES, at % LANES);
                    let dz = f64::from(dz[panel].0[lane]);
                    bias[at] += dz;
                    for k in 0..I {
                        let x = f64::from(self.x[sample][t][k]);
                        input[(panel * I + k) * LANES + lane] += x * dz;
                    }
                    for k in 0..if t > 0 { H } else { 0 } {
                        let h = results.y[sample][t - 1][k / LANES].0[k % LANES];
                        recurrent[(panel * H + k) * LANES + lane] += f64::from(h) * dz;
                    }
                }
            }
        }
        [
            ("weight_ih", input),
            ("weight_hh", recurrent),
            ("biases", bias),
        ]
    }

    /// Forward and, if `slopes`, every gradient against the reference, on all levels.
    fn check(samples: usize, slopes: bool) {
        let mut layer = Self::new(samples);
        let expected = layer.reference.forward();
        let gradients = slopes.then(|| {
            let reference = &mut layer.reference;
            (reference.gradients(), reference.input_gradients())
        });
        let layer = layer;
        for level in simd::levels() {
            let run = |chunk, part| {
                let layer = &layer;
                simd::dispatch(level, Run { layer, chunk, part })
            };
            let results = run(samples, P * I.max(H));
            let name = std::format!("{level:?}, {samples} x {T} x {I} -> {H}");
            assert!(
                results.inferred == results.y,
                "{name}: inference and training"
            );
            assert!(
                results.streamed == results.y,
                "{name}: a stream and training"
            );
            let close = |actual: f32, expected: f64, what: &str| {
                let error = (f64::from(actual) - expected).abs();
                let bound = 2e-5 * (1.0 + expected.abs());
                assert!(error < bound, "{name}: {what} {actual} for {expected}");
            };
            let zero_padding = |value: &[Block], what: &str| {
                let padding = value.iter().flat_map(|block| &block.0[H % LANES..]);
                let clean = H.is_multiple_of(LANES) || padding.into_iter().all(|&v| v == 0.0);
                assert!(clean, "{name}: padding of {what}");
            };
            for (sample, expected) in expected.chunks(T * H).enumerate() {
                for (t, expected) in expected.chunks(H).enumerate() {
                    for (what, y) in [
                        ("infer", &results.inferred),
                        ("stream", &results.streamed),
                        ("forward", &results.y),
                        ("cells", &results.cells),
                    ] {
                        let y = &y[sample][t];
                        zero_padding(&y[B - 1..], what);
                        if what != "cells" {
                            for (unit, &expected) in expected.iter().enumerate() {
                                close(y[unit / LANES].0[unit % LANES], expected, what);
                            }
                        }
                    }
                    zero_padding(&results.dz[sample][t][P - 4..], "dz");
                }
            }
            let products = layer.products(&results);
            let actual = [&results.input, &results.recurrent, &results.bias];
            for ((kind, expected), actual) in products.into_iter().zip(actual) {
                for (expected, actual) in expected.iter().zip(actual.iter().flat_map(|b| b.0)) {
                    close(actual, *expected, kind);
                }
            }
            if let Some((gradients, input_gradients)) = &gradients {
                for ((parameter, _), &slope) in layer.reference.parameters().zip(gradients) {
                    let (block, lane) = match parameter {
                        Parameter::Input { panel, lane, k } => (results.input[panel * I + k], lane),
                        Parameter::Recurrent { panel, lane, k } => {
                            (results.recurrent[panel * H + k], lane)
                        }
                        Parameter::InputBias { panel, lane }
                        | Parameter::RecurrentBias { panel, lane } => (results.bias[panel], lane),
                    };
                    close(block.0[lane], slope, &std::format!("{parameter:?}"));
                }
                for (at, &slope) in input_gradients.iter().enumerate() {
                    let dx = &results.dx[at / I / T][at / I % T];
                    close(dx[at % I / LANES].0[at % I % LANES], 2.0 * slope, "dx");
                }
            }
            for (chunk, part) in [(1, 1), (samples.div_ceil(2), 3), (7, I + H)] {
                let cut = run(chunk, part);
                assert!(cut == results, "{name}: cut into {chunk} and {part}");
            }
        }
    }
}

#[test]
fn one_step() {
    Layer::<1, 3, 16, 5, 1, 4, 64, 16, 1>::check(2, true);
}

#[test]
fn sequences() {
    Layer::<3, 3, 3, 20, 2, 8, 128, 32, 1>::check(2, true);
}

/// More samples than advance together.
#[test]
fn many_samples() {
    Layer::<3, 3, 3, 20, 2, 8, 128, 32, 1>::check(31, false);
}

/// More rows than a section, more inputs than a rectangle.
#[test]
fn wide_inputs() {
    Layer::<2, 150, 160, 16, 1, 4, 64, 16, 10>::check(35, false);
}

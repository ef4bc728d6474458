//! Every kernel of a layer over a batch, cut into chunks and parts.

use super::{
    super::*,
    Kind,
    reference::{Case, Parameter, Reference},
};
use crate::{
    block::{Block, LANES},
    kernels::dense,
    simd::{Isa, Task},
    update::{Consumer, Store, Stretch},
};
use core::marker::PhantomData;
use std::{boxed::Box, vec, vec::Vec};

/// A cell with what tests must know of it.
pub trait Known<const G: usize>: Cell<G> + Sync {
    const KIND: Kind;
}

/// A layer's operands, as kernels take them; its sizes are those of the module above, `F = 16 B`, `Q` blocks of features,
/// `E = 2 F` if the gates from `R` on read r h, or else `E = F` and `R = G`.
pub struct Layer<
    C,
    const T: usize,
    const Y: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
    const F: usize,
    const Q: usize,
    const E: usize,
    const R: usize,
> {
    pub reference: Reference,
    pub input: Box<[[Block; I]; P]>,
    pub recurrent: Box<[[Block; H]; P]>,
    pub input_bias: [Block; P],
    pub recurrent_bias: [Block; P],
    pub x: Vec<[[f32; KS]; T]>,
    pub h0: Vec<[Block; B]>,
    pub c0: Vec<[Block; B]>,
    pub lengths: Vec<[u32; LANES]>,
    /// dL/dy of the loss that the reference computes.
    pub dy: Vec<[[Block; B]; Y]>,
    pub cell: PhantomData<C>,
}

/// All that the kernels give.
#[derive(Clone, PartialEq, Debug)]
pub struct Results<const T: usize, const Y: usize, const B: usize, const P: usize, const Q: usize> {
    pub inferred: Vec<[[Block; B]; Y]>,
    pub streamed: Vec<[[Block; B]; T]>,
    pub y: Vec<[[Block; B]; Y]>,
    pub dz: Vec<[[Block; P]; T]>,
    pub dx: Vec<[[Block; Q]; T]>,
    pub dh0: Vec<[Block; B]>,
    pub dc0: Vec<[Block; B]>,
    pub input: Vec<Block>,
    pub recurrent: Vec<Block>,
    pub input_bias: Vec<Block>,
    pub recurrent_bias: Vec<Block>,
}

/// Runs every kernel, with the samples in chunks of `chunk` and parameters in parts of `part` blocks.
pub struct Run<
    'a,
    C,
    const T: usize,
    const Y: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
    const F: usize,
    const Q: usize,
    const E: usize,
    const R: usize,
> {
    pub layer: &'a Layer<C, T, Y, I, KS, H, B, P, N, G, W, F, Q, E, R>,
    pub chunk: usize,
    pub part: usize,
}

impl<
    C: Known<G>,
    const T: usize,
    const Y: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
    const F: usize,
    const Q: usize,
    const E: usize,
    const R: usize,
> Task for Run<'_, C, T, Y, I, KS, H, B, P, N, G, W, F, Q, E, R>
{
    type Output = Results<T, Y, B, P, Q>;

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let Self { layer, chunk, part } = self;
        let weights = Weights {
            input: &layer.input,
            recurrent: &layer.recurrent,
            input_bias: &layer.input_bias,
            recurrent_bias: &layer.recurrent_bias,
        };
        let case = layer.reference.case;
        let Case { given, reverse, .. } = case;
        let nan = Block([f32::NAN; LANES]);
        let samples = layer.x.len();
        let mut gates = vec![[[nan; P]; T]; samples];
        let mut saved = vec![[[nan; W]; T]; samples];
        let mut results = Results {
            inferred: vec![[[nan; B]; Y]; samples],
            streamed: vec![[[nan; B]; T]; samples],
            y: vec![[[nan; B]; Y]; samples],
            dz: vec![],
            dx: vec![[[nan; Q]; T]; samples],
            dh0: vec![[nan; B]; samples],
            dc0: vec![[nan; B]; samples],
            input: vec![nan; P * I],
            recurrent: vec![nan; P * H],
            input_bias: vec![nan; P],
            recurrent_bias: vec![nan; P],
        };
        let mut recurrent: Box<[[Block; N]; B]> = vec![[nan; N]; B].try_into().unwrap();
        dense::transpose::<S, H, N, P>(s, &layer.recurrent, 0, &mut recurrent[..]);
        let mut input: Box<[[Block; N]; Q]> = vec![[nan; N]; Q].try_into().unwrap();
        dense::transpose::<S, I, N, P>(s, &layer.input, 0, &mut input[..]);
        for from in (0..samples).step_by(chunk) {
            let rows = from..samples.min(from + chunk);
            let (x, gates) = (&layer.x[rows.clone()], &mut gates[rows.clone()]);
            let [h0, c0] =
                [&layer.h0, &layer.c0].map(|rows_of| given.then(|| &rows_of[rows.clone()]));
            let order = Order {
                reverse,
                lengths: case.padded.then(|| &layer.lengths[rows.clone()]),
            };
            let y = &mut results.inferred[rows.clone()];
            let mut state = vec![nan; P.max(2 * B) * x.len()];
            infer::<S, C, T, Y, I, KS, H, B, P, N, G, W>(
                s, x, h0, c0, order, weights, gates, y, &mut state,
            );
            let (saved, y) = (&mut saved[rows.clone()], &mut results.y[rows.clone()]);
            state.fill(nan);
            forward::<S, C, T, Y, I, KS, H, B, P, N, G, W>(
                s,
                x,
                h0,
                c0,
                order,
                weights,
                gates,
                (W > 0).then_some(&mut *saved),
                y,
                &mut state,
            );
            let (dy, dx) = (&layer.dy[rows.clone()], &mut results.dx[rows.clone()]);
            let (dh0, dc0) = (&mut results.dh0[rows.clone()], &mut results.dc0[rows]);
            state.fill(nan);
            backward::<S, C, T, Y, H, B, P, N, G, W>(
                s,
                &recurrent,
                c0,
                order,
                dy,
                gates,
                (W > 0).then_some(&mut *saved),
                given.then_some(dh0),
                given.then_some(dc0),
                &mut state,
            );
            input_gradient::<S, T, I, P, N, Q, false>(s, gates, &input, dx);
            // Twice itself, by adding.
            input_gradient::<S, T, I, P, N, Q, true>(s, gates, &input, dx);
        }
        for (sample, (x, y)) in layer.x.iter().zip(&mut results.streamed).enumerate() {
            let mut state = [[Block::ZERO; B]; 2];
            let [h0, c0] = [&layer.h0, &layer.c0].map(|rows| given.then(|| &rows[sample..=sample]));
            let count = case.length(sample);
            for y in &mut y[count..] {
                *y = [Block::ZERO; B];
            }
            for step in 0..count {
                let t = if reverse { count - 1 - step } else { step };
                let (gates, state) = (&mut [[[nan; P]]], state.as_flattened_mut());
                let (x, y) = (
                    &[[x[t]]],
                    core::slice::from_mut(&mut y[t]).as_chunks_mut().0,
                );
                steps::<S, C, 1, I, KS, H, B, P, N, G>(
                    s,
                    x,
                    h0,
                    c0,
                    step as u64,
                    weights,
                    gates,
                    y,
                    state,
                );
            }
        }
        let x = layer.x.chunks(chunk).zip(gates.chunks(chunk));
        let x = x.map(|(x, dz)| (x.as_flattened(), dz.as_flattened()));
        for (i, w) in results.input.chunks_mut(part).enumerate() {
            let state = &mut vec![(); w.len()];
            let mut sink = Consumer::new(s, &Store, w, state);
            let stretch = &mut Stretch::new(&mut sink, i * part);
            if case.padded {
                let x = x.clone().zip(layer.lengths.chunks(chunk));
                update::<S, I, KS, P, G, G>(s, counted_rows::<T, P, KS>(x), stretch);
            } else {
                update::<S, I, KS, P, G, G>(s, x.clone(), stretch);
            }
        }
        // The deltas of the sums of hidden states.
        let apart: Vec<[[Block; P]; T]> = match C::KIND {
            Kind::Gru => saved
                .iter()
                .map(|saved| saved.map(|row| core::array::from_fn(|panel| row[panel])))
                .collect(),
            _ => gates.clone(),
        };
        for (i, w) in results.recurrent.chunks_mut(part).enumerate() {
            let state = &mut vec![(); w.len()];
            let mut sink = Consumer::new(s, &Store, w, state);
            let stretch = &mut Stretch::new(&mut sink, i * part);
            if const { C::RESET < G } {
                let rows = saved.chunks(chunk).zip(gates.chunks(chunk));
                let rows = rows.map(|(x, dz)| {
                    let x: &[[f32; E]] =
                        bytemuck::must_cast_slice::<Block, f32>(x.as_flattened().as_flattened())
                            .as_chunks()
                            .0;
                    (x, dz.as_flattened())
                });
                update::<S, H, E, P, G, R>(s, rows, stretch);
                continue;
            }
            let y = results.y.chunks(chunk).zip(apart.chunks(chunk));
            let h0: Vec<[[Block; B]; 1]> = layer.h0.iter().map(|&h| [h]).collect();
            let first = h0.chunks(chunk).zip(apart.chunks(chunk));
            let first = first.filter(|_| given);
            if reverse && case.padded {
                let rows = recurrent_rows::<T, Y, B, P, F, true>(y);
                let first = first.zip(layer.lengths.chunks(chunk));
                let rows = rows.chain(last_rows::<T, B, P, F>(first));
                update::<S, H, F, P, G, G>(s, rows, stretch);
            } else if reverse {
                let rows = recurrent_rows::<T, Y, B, P, F, true>(y);
                let rows = rows.chain(initial_rows::<T, B, P, F, true>(first));
                update::<S, H, F, P, G, G>(s, rows, stretch);
            } else {
                let rows = recurrent_rows::<T, Y, B, P, F, false>(y);
                let rows = rows.chain(initial_rows::<T, B, P, F, false>(first));
                update::<S, H, F, P, G, G>(s, rows, stretch);
            }
        }
        for (deltas, bias) in [
            (&gates, &mut results.input_bias),
            (&apart, &mut results.recurrent_bias),
        ] {
            for (i, b) in bias.chunks_mut(part).enumerate() {
                let state = &mut vec![(); b.len()];
                let dz = deltas.chunks(chunk).map(|dz| dz.as_flattened());
                let mut sink = Consumer::new(s, &Store, b, state);
                dense::update_bias::<S, P>(s, dz, &mut Stretch::new(&mut sink, i * part));
            }
        }
        results.dz = gates;
        results
    }
}

impl<
    C: Known<G>,
    const T: usize,
    const Y: usize,
    const I: usize,
    const KS: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const N: usize,
    const G: usize,
    const W: usize,
    const F: usize,
    const Q: usize,
    const E: usize,
    const R: usize,
> Layer<C, T, Y, I, KS, H, B, P, N, G, W, F, Q, E, R>
{
    pub fn new(samples: usize, [reverse, given, padded]: [bool; 3]) -> Self {
        let reference = Reference::new(Case {
            kind: C::KIND,
            samples,
            steps: T,
            inputs: I,
            units: H,
            reverse,
            given,
            padded,
        });
        let mut layer = Self {
            input: vec![[Block::ZERO; I]; P].try_into().unwrap(),
            recurrent: vec![[Block::ZERO; H]; P].try_into().unwrap(),
            input_bias: [Block::ZERO; P],
            recurrent_bias: [Block::ZERO; P],
            // What lies between the rows of x must not matter.
            x: vec![[[f32::NAN; KS]; T]; samples],
            h0: vec![[Block::ZERO; B]; samples],
            c0: vec![[Block::ZERO; B]; samples],
            lengths: (0..samples)
                .map(|sample| [reference.case.length(sample) as u32; LANES])
                .collect(),
            dy: vec![[[Block::ZERO; B]; Y]; samples],
            reference,
            cell: PhantomData,
        };
        let numbers: Vec<_> = layer.reference.parameters().collect();
        for (parameter, value) in numbers {
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
                // What does not count may be anything.
                Parameter::X { sample, step, .. }
                    if step >= layer.reference.case.length(sample) => {}
                Parameter::X { sample, step, k } => layer.x[sample][step][k] = value,
                Parameter::H0 { sample, unit } => {
                    layer.h0[sample][unit / LANES].0[unit % LANES] = value;
                }
                Parameter::C0 { sample, unit } => {
                    layer.c0[sample][unit / LANES].0[unit % LANES] = value;
                }
            }
        }
        // What no row of the results stands for is no part of the loss.
        for (at, value) in layer.reference.dy.iter_mut().enumerate() {
            let (unit, row) = (at % H, at / H % (T + 1));
            if row == Y {
                *value = 0.0;
                continue;
            }
            layer.dy[at / H / (T + 1)][row][unit / LANES].0[unit % LANES] = *value as f32;
        }
        layer
    }
}

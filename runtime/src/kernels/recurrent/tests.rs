//! The layers against loops in f64, their deltas against differences of a scalar loss, and themselves under every cut.

#![allow(
    clippy::needless_range_loop,
    reason = "indices are those of the formulas"
)]

mod long;
mod reference;
mod run;
mod wide;

use super::*;
use crate::{
    block::{Block, LANES},
    simd,
};
use reference::Parameter;
use run::{Known, Layer, Run};

/// What a cell computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    RnnTanh,
    RnnRelu,
    Lstm,
    Gru,
    GruResetBefore,
}

impl Kind {
    fn gates(self) -> usize {
        match self {
            Self::RnnTanh | Self::RnnRelu => 1,
            Self::Lstm => 4,
            Self::Gru | Self::GruResetBefore => 3,
        }
    }
}

impl Known<4> for Lstm {
    const KIND: Kind = Kind::Lstm;
}

impl Known<3> for Gru {
    const KIND: Kind = Kind::Gru;
}

impl Known<3> for GruResetBefore {
    const KIND: Kind = Kind::GruResetBefore;
}

impl Known<1> for RnnTanh {
    const KIND: Kind = Kind::RnnTanh;
}

impl Known<1> for RnnRelu {
    const KIND: Kind = Kind::RnnRelu;
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
    /// Forward and gradients against the reference, on all levels.
    fn check(samples: usize, how: [bool; 3]) {
        let mut layer = Self::new(samples, how);
        let given = layer.reference.case.given;
        let expected = layer.reference.forward();
        // Differences cost two passes each.
        let every = if samples > 2 { 997 } else { 1 };
        let gradients = layer.reference.gradients(every);
        let layer = layer;
        for level in simd::levels() {
            let run = |chunk, part| {
                let layer = &layer;
                simd::dispatch(level, Run { layer, chunk, part })
            };
            let results = run(samples, P * I.max(H));
            let name = std::format!("{level:?}, {:?}", layer.reference.case);
            assert!(
                results.inferred == results.y,
                "{name}: inference and training"
            );
            for (streamed, y) in results.streamed.iter().zip(&results.y) {
                assert!(streamed[..] == y[..T], "{name}: a stream and training");
            }
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
            for (sample, expected) in expected.chunks((T + 1) * H).enumerate() {
                for (row, expected) in expected.chunks(H).enumerate().take(Y) {
                    let y = &results.y[sample][row];
                    zero_padding(&y[B - 1..], "y");
                    for (unit, &expected) in expected.iter().enumerate() {
                        close(y[unit / LANES].0[unit % LANES], expected, "y");
                    }
                }
                for dz in &results.dz[sample] {
                    zero_padding(&dz[P - G..], "dz");
                }
            }
            for &(parameter, slope) in &gradients {
                let unit_of = |rows: &[[Block; B]], sample: usize, unit: usize| {
                    rows[sample][unit / LANES].0[unit % LANES]
                };
                let (found, slope) = match parameter {
                    Parameter::Input { panel, lane, k } => {
                        (results.input[panel * I + k].0[lane], slope)
                    }
                    Parameter::Recurrent { panel, lane, k } => {
                        (results.recurrent[panel * H + k].0[lane], slope)
                    }
                    Parameter::InputBias { panel, lane } => {
                        (results.input_bias[panel].0[lane], slope)
                    }
                    Parameter::RecurrentBias { panel, lane } => {
                        (results.recurrent_bias[panel].0[lane], slope)
                    }
                    Parameter::X { sample, step, k } => {
                        let dx = results.dx[sample][step][k / LANES].0[k % LANES];
                        (dx, 2.0 * slope)
                    }
                    Parameter::H0 { sample, unit } if given => {
                        (unit_of(&results.dh0, sample, unit), slope)
                    }
                    Parameter::C0 { sample, unit } if given && C::REMEMBERS => {
                        (unit_of(&results.dc0, sample, unit), slope)
                    }
                    Parameter::H0 { .. } | Parameter::C0 { .. } => continue,
                };
                close(found, slope, &std::format!("{parameter:?}"));
            }
            for (chunk, part) in [(1, 1), (samples.div_ceil(2), 3), (7, I + H)] {
                let cut = run(chunk, part);
                let [cut, results] = [cut, results.clone()].map(|mut results| {
                    // NaN where no states are given.
                    if !given || !C::REMEMBERS {
                        results.dc0.clear();
                    }
                    if !given {
                        results.dh0.clear();
                    }
                    results
                });
                assert!(cut == results, "{name}: cut into {chunk} and {part}");
            }
        }
    }
}

/// A cell at sizes that are given as `T, I, KS, H, Q`, from which the others follow: for so many samples, in each
/// direction, with states that are given or without.
macro_rules! cell {
    (
        $name:ident: $cell:ident($gates:literal, $kept:literal, $operands:literal, $reset:literal), $y:expr,
        $t:literal, $i:literal, $ks:literal, $h:literal, $q:literal; $samples:literal; $($how:expr),*
    ) => {
        #[test]
        fn $name() {
            const B: usize = usize::div_ceil($h, LANES);
            for &how in [$($how),*].into_iter().flatten() {
                Layer::<
                    $cell, $t, { $y }, $i, $ks, $h, B, { $gates * B }, { 16 * $gates * B }, $gates, { $kept * B },
                    { 16 * B }, $q, { 16 * $operands * B }, $reset,
                >::check($samples, how);
            }
        }
    };
}

// In reverse or not, with given states or without, padded or not.
const ONE_WAY: &[[bool; 3]] = &[[false, false, false]];
const REVERSE: &[[bool; 3]] = &[[true, false, false]];
const GIVEN: &[[bool; 3]] = &[[false, true, false]];
const REVERSE_GIVEN: &[[bool; 3]] = &[[true, true, false]];
const PADDED: &[[bool; 3]] = &[[false, false, true]];
const PADDED_REVERSE_GIVEN: &[[bool; 3]] = &[[true, true, true]];
const EVERY: &[[bool; 3]] = &[
    [false, false, false],
    [true, false, false],
    [false, true, false],
    [true, true, false],
    [false, false, true],
    [true, false, true],
    [false, true, true],
    [true, true, true],
];

cell!(lstm_one_step: Lstm(4, 1, 1, 4), 2, 1, 3, 16, 5, 1; 2; ONE_WAY, REVERSE_GIVEN);
cell!(lstm: Lstm(4, 1, 1, 4), 4, 3, 3, 3, 20, 1; 2; EVERY);
cell!(gru: Gru(3, 3, 1, 3), 3, 3, 3, 3, 20, 1; 2; EVERY);
cell!(gru_reset_before: GruResetBefore(3, 2, 2, 2), 3, 3, 3, 3, 20, 1; 2; EVERY);
cell!(rnn_tanh: RnnTanh(1, 0, 1, 1), 3, 3, 3, 3, 20, 1; 2; EVERY);
cell!(rnn_relu: RnnRelu(1, 0, 1, 1), 3, 3, 3, 3, 20, 1; 2; EVERY);
// More samples than advance together, and more blocks of units than a turn has.
cell!(many_samples: Gru(3, 3, 1, 3), 3, 3, 3, 3, 50, 1; 31; GIVEN, PADDED, PADDED_REVERSE_GIVEN);
cell!(many_samples_of_one_gate: RnnTanh(1, 0, 1, 1), 3, 3, 3, 3, 90, 1; 31; ONE_WAY, PADDED, PADDED_REVERSE_GIVEN);
cell!(many_samples_of_reset_before: GruResetBefore(3, 2, 2, 2), 3, 3, 3, 3, 20, 1; 31; PADDED, PADDED_REVERSE_GIVEN);
// More rows than a section, more inputs than a rectangle.
cell!(wide_inputs: Lstm(4, 1, 1, 4), 2, 2, 150, 160, 16, 10; 35; REVERSE, PADDED_REVERSE_GIVEN);

//! Training as a whole, on a small network written by hand.

mod courses;
mod datasets;
#[cfg(feature = "files")]
mod descents;
mod errors;
mod inference;
pub mod mlp;
mod settings;
mod slowness;
mod steps;
mod streams;
mod weights;

use crate::{
    data::Samples,
    loss::CrossEntropy,
    optimizer::Sgd,
    parameters::{Seed, initialized},
    train::Trainer,
};
use alloc::vec::Vec;
use mlp::{INPUTS, Mlp, OUTPUTS};

/// Points in seven dimensions, labelled by which of three sums is largest.
pub fn samples(count: usize) -> Samples<[f32; INPUTS], usize> {
    let point = |sample: usize| -> [f32; INPUTS] {
        core::array::from_fn(|i| {
            let bits = crate::random::mix((sample * INPUTS + i) as u64) >> 40;
            bits as f32 / 8_388_608.0 - 1.0
        })
    };
    let label = |x: &[f32; INPUTS]| {
        let sums: [f32; OUTPUTS] = [x[0] + x[1], x[2] + x[3], x[4] + x[5] + 0.1 * x[6]];
        crate::loss::argmax(&sums)
    };
    let inputs: Vec<_> = (0..count).map(point).collect();
    let targets: Vec<_> = inputs.iter().map(label).collect();
    match Samples::new(inputs, targets) {
        Ok(samples) => samples,
        Err(error) => panic!("{error}"),
    }
}

fn net() -> Mlp<false> {
    initialized(Seed(1))
}

fn trainer() -> Trainer<Sgd, CrossEntropy> {
    Trainer::new(Sgd::new(0.1), CrossEntropy).threads(2).quiet()
}

//! What an optimizer's update of a million weights costs beside the memory it moves.
//!
//!     cargo bench --bench updates
//!
//! Every round copies memory and then lets each optimizer take a step, so that both see the same machine. The bytes of a step
//! are the weights and what is remembered, read and written, and the gradients, read; the share is the time in which that many
//! bytes are copied over the time of the step. What is copied is as large as what a step touches.
#![forbid(unsafe_code)]

#[path = "../measure/median.rs"]
mod median;

use std::{hint::black_box, time::Instant};

use kiln::{AnyOptimizer, prelude::*};
use median::median;

model! {
    struct Million(x: [1000]) -> [1000] { Dense(1000, bias = false) }
}

/// Rounds of all.
const ROUNDS: usize = 15;

/// Calls of a measurement.
const CALLS: usize = 4;

/// Bytes of as many numbers as there are weights, in whole blocks of sixteen.
const BYTES: usize = 1000 * 1008 * 4;

/// Seconds of a call, after one that is not counted.
fn seconds(mut call: impl FnMut()) -> f64 {
    call();
    let start = Instant::now();
    for _ in 0..CALLS {
        call();
    }
    start.elapsed().as_secs_f64() / CALLS as f64
}

/// One optimizer's step on a million weights.
struct Work {
    name: &'static str,
    /// Numbers that are remembered for each weight.
    remembered: usize,
    step: Box<dyn FnMut()>,
    times: Vec<f64>,
    shares: Vec<f64>,
}

impl Work {
    fn new<O: kiln::Optimizer + 'static>(name: &'static str, optimizer: O) -> kiln::Result<Self> {
        let mut net = Million::new(Seed(1));
        let mut training = Training::new(&net, 1)?;
        training.backward(&net, &[[0.5; 1000]], &[[0.25; 1000]], &Mse)?;
        let mut descent = Descent::new(&net, optimizer)?;
        Ok(Self {
            name,
            remembered: size_of::<kiln::State<O>>() / size_of::<kiln::Block>(),
            step: Box::new(move || {
                let step = descent.apply(&mut net, training.gradients());
                step.expect("settings of use");
            }),
            times: Vec::new(),
            shares: Vec::new(),
        })
    }

    /// Arrays that a step touches, and how often it reads or writes one.
    fn arrays(&self) -> [usize; 2] {
        [2 + self.remembered, 3 + 2 * self.remembered]
    }
}

/// Bytes per second that a copy reads and writes, in memory of so many arrays.
fn copying(arrays: usize) -> f64 {
    let from = vec![1.0_f32; arrays * BYTES / 8];
    let mut to = vec![0.0_f32; from.len()];
    let time = seconds(|| black_box(&mut to).copy_from_slice(black_box(&from)));
    (arrays * BYTES) as f64 / time
}

fn main() -> kiln::Result<()> {
    let mut all = vec![
        Work::new("Sgd", Sgd::new(1e-6))?,
        Work::new("Sgd, momentum", Sgd::new(1e-6).momentum(0.9))?,
        Work::new("Adam", Adam::new(1e-6))?,
        Work::new("Adam, AMSGrad", Adam::new(1e-6).amsgrad())?,
        Work::new("AdamW", AdamW::new(1e-6))?,
        Work::new("NAdam", NAdam::new(1e-6))?,
        Work::new("RAdam", RAdam::new(1e-6))?,
        Work::new("RmsProp", RmsProp::new(1e-6))?,
        Work::new("RmsProp, momentum", RmsProp::new(1e-6).momentum(0.9))?,
        Work::new("RmsProp, centred", RmsProp::new(1e-6).centered())?,
        Work::new("Adagrad", Adagrad::new(1e-6))?,
        Work::new("Adadelta", Adadelta::new(1e-3))?,
        Work::new("Lion", Lion::new(1e-6))?,
        Work::new("AnyOptimizer of Adam", AnyOptimizer::from(Adam::new(1e-6)))?,
    ];
    println!(
        "{:?}, a million weights, medians of {ROUNDS} rounds",
        kiln::simd::set_of(kiln::simd::level())
    );
    for _ in 0..ROUNDS {
        for work in &mut all {
            let [arrays, passes] = work.arrays();
            let speed = copying(arrays);
            let time = seconds(&mut work.step);
            work.times.push(time);
            work.shares.push((passes * BYTES) as f64 / speed / time);
        }
    }
    println!(
        "{:24} {:>8} {:>10} {:>24}",
        "", "ms", "MB moved", "share of the copy's speed"
    );
    for work in &mut all {
        let [_, passes] = work.arrays();
        println!(
            "{:24} {:8.2} {:10.1} {:22.0} %",
            work.name,
            1e3 * median(&work.times),
            (passes * BYTES) as f64 / 1e6,
            100.0 * median(&work.shares),
        );
    }
    Ok(())
}

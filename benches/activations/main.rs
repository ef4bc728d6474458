//! What each activation costs by itself, beside a copy of the same numbers.
//!
//!     cargo bench --bench activations
//!
//! A network of 33 times the same activation and one of it alone differ by 32 passes over 32,768 numbers, from one buffer of
//! 128 KiB into another, which a level-2 cache keeps. Every round times all of them and the copy, so that all see the same
//! machine; what is printed are picoseconds for a number, the median of the rounds, and the share that a copy takes of that.
#![forbid(unsafe_code)]

#[path = "../measure/median.rs"]
mod median;

use std::{hint::black_box, time::Instant};

use kiln::prelude::*;
use median::median;

/// Rounds of all.
const ROUNDS: usize = 15;

/// Numbers of a pass.
const NUMBERS: usize = 32_768;

/// Passes that are timed.
const PASSES: usize = 32;

/// Seconds of a call: the best of some.
fn seconds(mut call: impl FnMut()) -> f64 {
    let best = |best: f64, _| {
        let start = Instant::now();
        call();
        best.min(start.elapsed().as_secs_f64())
    };
    (0..5).fold(f64::INFINITY, best)
}

/// Something that is timed.
struct Work {
    name: &'static str,
    /// Seconds of the passes.
    time: Box<dyn FnMut() -> f64>,
    times: Vec<f64>,
}

impl Work {
    fn new(name: &'static str, time: impl FnMut() -> f64 + 'static) -> Self {
        Self {
            name,
            time: Box::new(time),
            times: Vec::new(),
        }
    }
}

/// A copy of as many numbers, as often.
fn copy() -> Work {
    let (mut a, mut b) = (vec![0.5_f32; NUMBERS], vec![0.5_f32; NUMBERS]);
    Work::new("copy", move || {
        seconds(|| {
            for _ in 0..PASSES / 2 {
                b.copy_from_slice(black_box(&a));
                a.copy_from_slice(black_box(&b));
            }
        })
    })
}

/// The work of some layers.
macro_rules! work {
    ($($layer:expr;)*) => {
        vec![copy(), $({
            model! {
                struct Once(x: [32768]) -> [32768] { $layer }
                struct Often(x: [32768]) -> [32768] { [$layer; 33] }
            }
            let (once, often) = (Once::new(Seed(1)), Often::new(Seed(1)));
            let x: Vec<f32> = (0..NUMBERS).map(|i| (i * 29 % 97) as f32 / 16.0 - 3.0).collect();
            let x: Box<[f32; NUMBERS]> = x.try_into().expect("as many");
            let mut y = kiln::zeroed().expect("memory");
            Work::new(stringify!($layer), move || {
                let many = seconds(|| often.forward_into(black_box(&x), black_box(&mut y)));
                many - seconds(|| once.forward_into(black_box(&x), black_box(&mut y)))
            })
        }),*]
    };
}

fn main() {
    let mut work = work! {
        Relu;
        Relu6;
        HardTanh(-1, 1);
        Clamp(min = -1);
        LeakyRelu;
        PRelu;
        Abs;
        Sqrt;
        Softsign;
        HardSigmoid;
        HardSwish;
        Exp;
        Log;
        Sigmoid;
        Tanh;
        Elu;
        Selu;
        Softplus;
        Silu;
        Mish;
        Gelu;
        Gelu(approximate = Tanh);
    };
    for _ in 0..ROUNDS {
        for work in &mut work {
            let time = (work.time)();
            work.times.push(time);
        }
    }
    let passed = (PASSES * NUMBERS) as f64;
    let mut copied = None;
    println!("{:<26} {:>12} {:>6}", "", "ps a number", "copy");
    for Work { name, times, .. } in &mut work {
        let time = median(times) / passed * 1e12;
        let copied = *copied.get_or_insert(time);
        println!("{name:<26} {time:>12.1} {:>5.0}%", 100.0 * copied / time);
    }
}

//! Steps of streams, beside the peak of this core and the reading speed of its level-2 cache in the same run.
//!
//!     cargo bench --bench streams
//!
//! Every round measures the peak of fused multiply-adds and the speed of a plain sum first, and each network right after, in
//! blocks of 1, 64 and 128 frames; what is printed is the median over the rounds of a step's nanoseconds, and of its share
//! of the peak in blocks of 128. Then a million steps are timed one by one, whose median and 99.99th percentile hold what
//! the clock itself takes, which is printed first. Everything runs on one thread; the machine should be idle.
#![forbid(unsafe_code)]

#[path = "../networks/machine.rs"]
mod machine;
#[path = "../measure/median.rs"]
mod median;
mod networks;

use kiln::{Causal, Model, OwnedStream, prelude::*};
use machine::{peak, reading, seconds};
use median::median;
use networks::*;
use std::hint::black_box;
use std::time::Instant;

/// Rounds of all.
const ROUNDS: usize = 9;

/// Steps that are timed one by one.
const STEPS: usize = 1_000_000;

/// Frames of a block.
const BLOCKS: [usize; 3] = [1, 64, 128];

/// A network as it is measured.
trait Work {
    /// Seconds of a step in blocks of so many.
    fn step(&mut self, block: usize) -> f64;
    /// Nanoseconds of steps that are timed one by one, in ascending order.
    fn each(&mut self) -> Vec<u32>;
}

/// A stream with its frames.
struct Played<M: Causal> {
    stream: OwnedStream<M>,
    frames: Vec<M::InputFrame>,
    answers: Vec<M::OutputFrame>,
}

impl<M: Causal> Work for Played<M> {
    fn step(&mut self, block: usize) -> f64 {
        if block > 1 {
            let (frames, answers) = (&self.frames[..block], &mut self.answers[..block]);
            let seconds = seconds(|| {
                let played = self.stream.process(black_box(frames), black_box(answers));
                assert!(played.is_ok(), "as many answers as frames");
            });
            return seconds / block as f64;
        }
        let mut at = 0;
        seconds(|| {
            let frame = black_box(&self.frames[at % 128]);
            self.stream
                .step_into(frame, black_box(&mut self.answers[0]));
            at += 1;
        })
    }

    fn each(&mut self) -> Vec<u32> {
        let mut times = vec![0; STEPS];
        for (index, time) in times.iter_mut().enumerate() {
            let frame = &self.frames[index % 128];
            let start = Instant::now();
            self.stream
                .step_into(black_box(frame), black_box(&mut self.answers[0]));
            *time = start.elapsed().as_nanos() as u32;
        }
        times.sort_unstable();
        times
    }
}

/// A network with its name, the operations of a step, and what was measured.
struct Entry {
    name: &'static str,
    flops: f64,
    work: Box<dyn Work>,
    steps: [Vec<f64>; 3],
    shares: Vec<f64>,
}

/// A network of frames that are numbers.
fn entry<M, const F: usize>(name: &'static str, steps: u64) -> Entry
where
    M: Model + Causal<InputFrame = [f32; F]>,
{
    let frame = |t: usize| std::array::from_fn(|f| ((t * F + f) as f32 * 0.37).sin() * 0.5);
    let mut answers = kiln::zeroed_vec(128).expect("memory for 128 answers");
    answers.truncate(128);
    Entry {
        name,
        flops: (M::FLOPS / steps) as f64,
        work: Box::new(Played::<M> {
            stream: OwnedStream::new(M::new(Seed(1))),
            frames: (0..128).map(frame).collect(),
            answers,
        }),
        steps: Default::default(),
        shares: Vec::new(),
    }
}

fn main() {
    let mut entries = entries();
    let (mut peaks, mut speeds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let peak = peak();
        peaks.push(peak / 1e9);
        speeds.push(reading() / 1e9);
        for entry in &mut entries {
            for (block, times) in BLOCKS.iter().zip(&mut entry.steps) {
                times.push(entry.work.step(*block) * 1e9);
            }
            let seconds = entry.steps[2].last().map_or(1.0, |last| last / 1e9);
            entry.shares.push(100.0 * entry.flops / seconds / peak);
        }
    }
    println!(
        "peak {:.0} GFLOP/s, level-2 reads {:.0} GB/s",
        median(&peaks),
        median(&speeds)
    );
    println!("clock {} ns\n", clock());
    println!("| a step of | 1 | 64 | 128 | of peak | median | 99.99 % |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for entry in &mut entries {
        let [one, some, many] = entry.steps.each_ref().map(|times| median(times));
        let each = entry.work.each();
        let (middle, late) = (each[STEPS / 2], each[STEPS - STEPS / 10_000]);
        println!(
            "| {} | {one:.0} | {some:.0} | {many:.0} | {:.0} % | {middle} | {late} |",
            entry.name,
            median(&entry.shares),
        );
    }
}

/// Nanoseconds that the clock takes by itself: the median.
fn clock() -> u32 {
    let mut times = [0; 10_001];
    for time in &mut times {
        let start = Instant::now();
        *time = start.elapsed().as_nanos() as u32;
    }
    times.sort_unstable();
    times[5_000]
}

/// All networks.
fn entries() -> Vec<Entry> {
    vec![
        entry::<Lstm40, 1>("LSTM 40 + Dense", 1024),
        entry::<Lstm8, 1>("LSTM 8 + Dense", 1024),
        entry::<Lstm16, 1>("LSTM 16 + Dense", 1024),
        entry::<Lstm64, 1>("LSTM 64 + Dense", 1024),
        entry::<Gru8, 1>("GRU 8 + Dense", 1024),
        entry::<Gru16, 1>("GRU 16 + Dense", 1024),
        entry::<Gru32, 1>("GRU 32 + Dense", 1024),
        entry::<Gru64, 1>("GRU 64 + Dense", 1024),
        entry::<Lstm3x18, 1>("LSTM 3 x 18 + Dense", 1024),
        entry::<FastLstm16, 1>("LSTM 16 + Dense, fast", 1024),
        entry::<FastLstm40, 1>("LSTM 40 + Dense, fast", 1024),
        entry::<FastGru8, 1>("GRU 8 + Dense, fast", 1024),
        entry::<Tcn, 1>("ten causal convolutions of 16 channels", 1024),
        entry::<WaveNet, 1>("WaveNet of 13,802 weights", 1024),
    ]
}

//! The sine, learnt on the device from drawn weights. All memory of training lies on the stack.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[path = "../lesson.rs"]
mod lesson;

use cortex_m_rt::entry;
use embedded::{Counter, end};
use kiln::{
    Adam, Block, Descent, Lent, Mse, Parameters, Result, Score, Seed, State, TrainingIn, memory,
    model,
};
use lesson::Lesson;

model! {
    /// The network of `sine`.
    #[kiln(budget(params = 321, train = 3584))]
    pub struct Sine(x: [1]) -> [1] { Dense(16), Relu, Dense(16), Relu, Dense(1) }
}

/// Samples of a batch.
const BATCH: usize = 8;

/// Samples that are learnt in turn: angles of one turn, as `sine` takes them, and their sines.
fn sample(index: usize) -> ([f32; 1], [f32; 1]) {
    // Any 64 that follow one another lie evenly in the turn.
    let x = (index * 25 % 64) as f32 * (core::f32::consts::TAU / 64.0);
    ([x], [libm::sinf(x)])
}

fn learn(counter: Counter) -> Result<Lesson> {
    let mut net = Parameters::<Sine, _>::new([Block::ZERO; memory::parameters::<Sine>()])?;
    net.initialize(Seed(1))?;
    let lent = Lent {
        blocks: &mut [Block::ZERO; memory::training::<Sine>(BATCH)],
        scores: &mut [Score::ZERO; BATCH],
        outputs: &mut [[0.0]; memory::outputs::<Sine>()],
    };
    let mut training = TrainingIn::new(BATCH, lent)?;
    let moments = [State::<Adam>::default(); memory::moments::<Sine>()];
    let mut descent = Descent::lent(Adam::new(0.005), moments)?;
    let mut lesson = Lesson::until(0.002, counter);
    while let Some(step) = lesson.next() {
        let batch: [_; BATCH] = core::array::from_fn(|i| sample(BATCH * step + i));
        let (inputs, targets) = (batch.map(|(x, _)| x), batch.map(|(_, y)| y));
        lesson.step(|| training.learn(&mut net, &inputs, &targets, &Mse, &mut descent))?;
    }
    Ok(lesson)
}

#[entry]
fn main() -> ! {
    let Some(counter) = Counter::take() else {
        end(false)
    };
    match learn(counter) {
        Ok(lesson) => lesson.end(),
        Err(_) => end(false),
    }
}

//! The GRU of `pitch`, learnt on the device from drawn weights, one sequence a step. All memory of training lies in statics.
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
    /// The network of `pitch`, for a swing of 32 frames.
    #[kiln(budget(params = 553, train = 20 * 1024))]
    pub struct Pitch(signal: [32, 1]) -> [32, 1] { gru: Gru(12), fc: Dense(1) }
}

/// Sequences of a batch.
const BATCH: usize = 1;

/// A swing of a frequency from 0.2 to 0.9 radians a frame, and its frequency in every frame.
fn swing(index: usize) -> ([[f32; 1]; 32], [[f32; 1]; 32]) {
    let frequency = 0.2 + 0.1 * (index * 3 % 8) as f32;
    let phase = index as f32;
    let at = |t: usize| [libm::sinf(frequency * t as f32 + phase)];
    (core::array::from_fn(at), [[frequency]; 32])
}

fn learn(
    counter: Counter,
    parameters: &mut [Block],
    moments: &mut [State<Adam>],
    lent: Lent<'_, Pitch>,
) -> Result<Lesson> {
    let mut net = Parameters::<Pitch, _>::new(parameters)?;
    net.initialize(Seed(1))?;
    let mut training = TrainingIn::new(BATCH, lent)?;
    let mut descent = Descent::lent(Adam::new(0.01), moments)?;
    let mut lesson = Lesson::until(0.01, counter);
    while let Some(step) = lesson.next() {
        let (signal, frequencies) = swing(step);
        lesson.step(|| training.learn(&mut net, &[signal], &[frequencies], &Mse, &mut descent))?;
    }
    Ok(lesson)
}

#[entry]
fn main() -> ! {
    static mut PARAMETERS: [Block; memory::parameters::<Pitch>()] =
        [Block::ZERO; memory::parameters::<Pitch>()];
    static mut MOMENTS: [State<Adam>; memory::moments::<Pitch>()] =
        [[Block::ZERO; 2]; memory::moments::<Pitch>()];
    static mut BLOCKS: [Block; memory::training::<Pitch>(BATCH)] =
        [Block::ZERO; memory::training::<Pitch>(BATCH)];
    static mut SCORES: [Score; BATCH] = [Score::ZERO; BATCH];
    static mut OUTPUTS: [[[f32; 1]; 32]; memory::outputs::<Pitch>()] =
        [[[0.0]; 32]; memory::outputs::<Pitch>()];
    let lent = Lent {
        blocks: BLOCKS,
        scores: SCORES,
        outputs: OUTPUTS,
    };
    let Some(counter) = Counter::take() else {
        end(false)
    };
    match learn(counter, PARAMETERS, MOMENTS, lent) {
        Ok(lesson) => lesson.end(),
        Err(_) => end(false),
    }
}

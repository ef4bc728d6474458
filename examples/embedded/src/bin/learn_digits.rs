//! Handwritten digits, learnt on the device from drawn weights. All memory of training lies in statics.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[path = "../lesson.rs"]
mod lesson;

use cortex_m_rt::entry;
use embedded::{Counter, end};
use kiln::{
    Block, CrossEntropy, Descent, Lent, Parameters, Result, Score, Seed, Sgd, TrainingIn, memory,
    model,
};
use lesson::Lesson;

model! {
    /// The network of `digits`.
    #[kiln(budget(params = 9_610, train = 8192))]
    pub struct Digits(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }
}

/// Samples of a batch.
const BATCH: usize = 8;

/// Learns the first eight images by plain gradient descent, which remembers nothing.
fn learn(counter: Counter, parameters: &mut [Block], lent: Lent<'_, Digits>) -> Result<Lesson> {
    let mut net = Parameters::<Digits, _>::new(parameters)?;
    net.initialize(Seed(1))?;
    let mut training = TrainingIn::new(BATCH, lent)?;
    let mut descent = Descent::lent(Sgd::new(0.1), [(); memory::moments::<Digits>()])?;
    let (mut inputs, mut targets) = ([[[[0.0; 8]; 8]; 1]; BATCH], [0; BATCH]);
    let places = inputs.iter_mut().zip(&mut targets);
    for (place, (image, digit)) in places.zip(embedded::digits()) {
        (*place.0, *place.1) = (image, digit);
    }
    let mut lesson = Lesson::until(0.1, counter);
    while lesson.next().is_some() {
        lesson.step(|| training.learn(&mut net, &inputs, &targets, &CrossEntropy, &mut descent))?;
    }
    Ok(lesson)
}

#[entry]
fn main() -> ! {
    static mut PARAMETERS: [Block; memory::parameters::<Digits>()] =
        [Block::ZERO; memory::parameters::<Digits>()];
    static mut BLOCKS: [Block; memory::training::<Digits>(BATCH)] =
        [Block::ZERO; memory::training::<Digits>(BATCH)];
    static mut SCORES: [Score; BATCH] = [Score::ZERO; BATCH];
    let lent = Lent {
        blocks: BLOCKS,
        scores: SCORES,
        outputs: &mut [[0.0; 10]; memory::outputs::<Digits>()],
    };
    let Some(counter) = Counter::take() else {
        end(false)
    };
    match learn(counter, PARAMETERS, lent) {
        Ok(lesson) => lesson.end(),
        Err(_) => end(false),
    }
}

//! A small dense network that learns on the device: 2 inputs, a layer of 16, 1 output, from drawn weights to a product.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embedded::{Counter, end, report, tell};
use kiln::{
    Adam, Block, Descent, Lent, Mse, Parameters, Result, Score, Seed, State, TrainingIn, memory,
    model,
};

model! {
    /// Learns x y.
    #[kiln(budget(params = 65, train = 1024))]
    pub struct Curve(x: [2]) -> [1] { Dense(16), Tanh, Dense(1) }
}

/// Samples of a batch.
const BATCH: usize = 8;

/// Samples that are learnt in turn: a grid of products.
fn sample(index: usize) -> ([f32; 2], [f32; 1]) {
    let at = |index: usize| (index % 8) as f32 / 3.5 - 1.0;
    let [x, y] = [at(index), at(index / 8 * 5 + index)];
    ([x, y], [x * y])
}

fn learn(counter: &mut Counter) -> Result<(u32, f64)> {
    let mut net = Parameters::<Curve, _>::new([Block::ZERO; memory::parameters::<Curve>()])?;
    net.initialize(Seed(1))?;
    let lent = Lent {
        blocks: &mut [Block::ZERO; memory::training::<Curve>(BATCH)],
        scores: &mut [Score::default(); BATCH],
        outputs: &mut [[0.0]; memory::outputs::<Curve>()],
    };
    let mut training = TrainingIn::new(BATCH, lent)?;
    let moments = [State::<Adam>::default(); memory::moments::<Curve>()];
    let mut descent = Descent::lent(Adam::new(0.02), moments)?;
    let (mut steps, mut loss, mut instructions) = (0, 1.0, 0);
    while loss > 0.002 && steps < 2_000 {
        let batch: [_; BATCH] = core::array::from_fn(|i| sample(BATCH * steps + i));
        let (inputs, targets) = (batch.map(|(x, _)| x), batch.map(|(_, y)| y));
        let step;
        (step, instructions) =
            counter.count(|| training.learn(&mut net, &inputs, &targets, &Mse, &mut descent));
        // The mean of some batches.
        loss = loss * 0.95 + 0.05 * step?;
        steps += 1;
    }
    tell("steps", steps as u32);
    Ok((instructions, loss))
}

#[entry]
fn main() -> ! {
    let Some(mut counter) = Counter::take() else {
        end(false)
    };
    match learn(&mut counter) {
        Ok((instructions, loss)) => report(instructions, loss <= 0.002),
        Err(_) => end(false),
    }
}

//! Proximal policy optimization (Schulman et al. 2017): a network with two heads, of which one says what to do and the other
//! how long the pole will stand, learns from steps of its own that are made anew for every update.

use crate::{
    environment::{CartPole, Outcome, State},
    progress::{Learnt, Progress},
};
use kiln::{Categorical, Draw, argmax, prelude::*};

model! {
    /// A policy's logits, and the value of the state: the discounted return to come.
    pub struct ActorCritic(state: [4]) -> ([2], [1]) {
        hidden: { Dense(64), Tanh, Dense(64), Tanh },
        policy: Dense(2),
        value: Dense(1),

        forward {
            let h = hidden(state);
            (policy(h), value(h))
        }
    }
}

/// Carts that run beside each other, and their steps between two updates.
const CARTS: usize = 8;
const STEPS: usize = 64;
const SAMPLES: usize = CARTS * STEPS;
/// Updates at most, passes over the samples in each, and samples of a batch.
const UPDATES: usize = 300;
const PASSES: usize = 10;
const BATCH: usize = 128;
/// What a reward is worth a step later, and how far advantages look ahead (Schulman et al. 2016).
const DISCOUNT: f32 = 0.99;
const LAMBDA: f32 = 0.95;
/// How much more or less probable an action may become in an update.
const CLIP: f32 = 0.2;
/// Weights of the terms of the loss beside that of the policy.
const VALUE: f32 = 0.5;
const ENTROPY: f32 = 0.01;

/// A step that was made, and what it was worth.
#[derive(Clone, Copy)]
struct Sample {
    state: State,
    action: usize,
    /// ln p of the action, as the policy was then.
    log_prob: f32,
    /// How much better the action was than what the value had expected.
    advantage: f32,
    /// What the value should have been.
    target: f32,
}

/// Learns until the pole stands for whole episodes.
pub fn learn(seed: u64, progress: &mut Progress) -> kiln::Result<Learnt<ActorCritic>> {
    let mut net = ActorCritic::new(Seed(seed));
    let mut training = Training::new(&net, BATCH)?;
    let mut descent = Descent::new(&net, Adam::new(1e-3))?;
    let mut carts: [CartPole; CARTS] =
        std::array::from_fn(|cart| CartPole::new(Draw::new(seed, 0, CARTS + cart)));

    for update in 0..UPDATES {
        let mut samples = Vec::with_capacity(SAMPLES);
        for (index, cart) in carts.iter_mut().enumerate() {
            play(&net, cart, (seed, update, index), progress, &mut samples)?;
        }
        normalise(&mut samples);
        for pass in 0..PASSES {
            let draw = Draw::new(seed, update as u64, 2 * CARTS + pass);
            shuffle(&mut samples, draw);
            for batch in samples.chunks(BATCH) {
                let states: Vec<State> = batch.iter().map(|sample| sample.state).collect();
                training.backward_with(&net, &states, |outputs, gradients| {
                    surrogate(batch, outputs, gradients)
                })?;
                training.clip_norm(0.5)?;
                descent.apply(&mut net, training.gradients())?;
            }
        }
        let policy = |state: &State| argmax(&net.forward(state).0);
        if progress.solved((update + 1) * SAMPLES, policy) {
            break;
        }
    }
    Ok(progress.learnt(net))
}

/// Runs a cart for some steps, and looks back on them.
fn play(
    net: &ActorCritic,
    cart: &mut CartPole,
    (seed, update, index): (u64, usize, usize),
    progress: &mut Progress,
    samples: &mut Vec<Sample>,
) -> kiln::Result<()> {
    // Of each step: what the value expected, what it expected of the next state, and whether the next step is of the same
    // episode.
    let mut expectations = [(0.0, 0.0, false); STEPS];
    let first = samples.len();
    for (step, expectation) in expectations.iter_mut().enumerate() {
        let time = (update * STEPS + step) as u64;
        let state = cart.state();
        let (logits, [value]) = net.forward(&state);
        let policy = Categorical::new(&logits)?;
        let action = policy.sample(Draw::new(seed, time, index));
        let log_prob = policy.log_prob(action)?;
        let outcome = cart.step(action);
        let (_, [next]) = net.forward(&cart.state());
        // After the limit, the pole would stand on; after a fall, nothing comes.
        let next = if outcome == Outcome::Fell { 0.0 } else { next };
        *expectation = (value, next, outcome == Outcome::Stands);
        if outcome != Outcome::Stands {
            progress.episode(cart.steps());
            *cart = CartPole::new(Draw::new(seed, time, CARTS + index));
        }
        samples.push(Sample {
            state,
            action,
            log_prob,
            advantage: 0.0,
            target: 0.0,
        });
    }
    // Backwards, each step has a share of the surprises that came after it.
    let mut advantage = 0.0;
    let steps = samples[first..].iter_mut().zip(expectations);
    for (sample, (value, next, stands)) in steps.rev() {
        let surprise = 1.0 + DISCOUNT * next - value;
        advantage = surprise
            + if stands {
                DISCOUNT * LAMBDA * advantage
            } else {
                0.0
            };
        sample.advantage = advantage;
        sample.target = value + advantage;
    }
    Ok(())
}

/// The loss of a batch, the mean over its samples, and its gradients by the outputs.
///
/// With r = p / p_old of the action: L = -min(r A, clip(r) A) + VALUE (v - target)^2 - ENTROPY H.
fn surrogate(
    batch: &[Sample],
    outputs: &[([f32; 2], [f32; 1])],
    gradients: &mut [([f32; 2], [f32; 1])],
) -> kiln::Result<f64> {
    let share = 1.0 / batch.len() as f32;
    let mut loss = 0.0;
    for ((sample, (logits, [value])), gradient) in batch.iter().zip(outputs).zip(gradients) {
        let policy = Categorical::new(logits)?;
        let ratio = (policy.log_prob(sample.action)? - sample.log_prob).exp();
        let clipped = ratio.clamp(1.0 - CLIP, 1.0 + CLIP);
        let (free, held) = (ratio * sample.advantage, clipped * sample.advantage);
        // Once an action is so much more probable that the clipped term is less, nothing pulls any more.
        let pull = if free <= held { free } else { 0.0 };
        let log_prob = policy.log_prob_gradient(sample.action)?;
        let entropy = policy.entropy_gradient();
        let error = value - sample.target;
        *gradient = (
            std::array::from_fn(|i| share * (-pull * log_prob[i] - ENTROPY * entropy[i])),
            [share * VALUE * 2.0 * error],
        );
        loss += share * (-free.min(held) + VALUE * error * error - ENTROPY * policy.entropy());
    }
    Ok(f64::from(loss))
}

/// Brings advantages to a mean of 0 and a deviation of 1.
fn normalise(samples: &mut [Sample]) {
    let count = samples.len() as f32;
    let mean = samples.iter().map(|sample| sample.advantage).sum::<f32>() / count;
    let square = |sample: &Sample| (sample.advantage - mean) * (sample.advantage - mean);
    let deviation = (samples.iter().map(square).sum::<f32>() / count).sqrt();
    for sample in samples {
        sample.advantage = (sample.advantage - mean) / (deviation + 1e-8);
    }
}

/// Fisher and Yates' shuffle.
fn shuffle(samples: &mut [Sample], draw: Draw) {
    for last in (1..samples.len()).rev() {
        samples.swap(last, draw.below(last as u64, last + 1));
    }
}

//! Deep Q-learning (Mnih et al. 2015): a network learns what each action is worth, from steps that are kept and seen again.

use crate::{
    environment::{ACTIONS, CartPole, Outcome, State},
    progress::{Learnt, Progress},
};
use kiln::{ActionValue, Draw, argmax, prelude::*};

model! {
    /// The discounted return that each action leads to.
    pub struct Values(state: [4]) -> [2] {
        Dense(128),
        Relu,
        Dense(128),
        Relu,
        Dense(2),
    }
}

/// Steps at most, and those before which nothing is learnt.
const STEPS: usize = 100_000;
const BEFORE: usize = 1_000;
/// Steps that are kept.
const KEPT: usize = 50_000;
const BATCH: usize = 128;
/// What a reward is worth a step later.
const DISCOUNT: f32 = 0.99;
/// How far the targets follow at each step.
const TAU: f64 = 0.005;
/// The share of actions that are chance falls from 1 to this one.
const CHANCE: f64 = 0.04;
const CHANCE_STEPS: f64 = 10_000.0;

/// A step that was made: each gives a reward of 1.
#[derive(Clone, Copy)]
struct Seen {
    state: State,
    action: usize,
    next: State,
    fell: bool,
}

/// Learns until the pole stands for whole episodes.
pub fn learn(seed: u64, progress: &mut Progress) -> kiln::Result<Learnt<Values>> {
    let mut net = Values::new(Seed(seed));
    // What is learnt from must not run away with what is learnt: it follows slowly.
    let mut target = net.clone();
    let mut training = Training::new(&net, BATCH)?;
    let mut descent = Descent::new(&net, Adam::new(5e-4))?;
    let mut kept: Vec<Seen> = Vec::with_capacity(KEPT);
    let mut cart = CartPole::new(Draw::new(seed, 0, 1));

    for step in 0..STEPS {
        let draw = Draw::new(seed, step as u64, 0);
        let state = cart.state();
        let chance = (1.0 - step as f64 / CHANCE_STEPS).max(CHANCE);
        let action = if draw.uniform(0) < chance {
            draw.below(1, ACTIONS)
        } else {
            argmax(&net.forward(&state))
        };
        let outcome = cart.step(action);
        let seen = Seen {
            state,
            action,
            next: cart.state(),
            fell: outcome == Outcome::Fell,
        };
        // The oldest step makes room for the newest.
        match kept.get_mut(step % KEPT) {
            Some(oldest) => *oldest = seen,
            None => kept.push(seen),
        }
        if outcome != Outcome::Stands {
            progress.episode(cart.steps());
            cart = CartPole::new(Draw::new(seed, step as u64, 1));
        }
        if step < BEFORE {
            continue;
        }

        let batch: [Seen; BATCH] =
            std::array::from_fn(|i| kept[draw.below(2 + i as u64, kept.len())]);
        let next = batch.map(|seen| seen.next);
        // The network chooses the next action, the target says what it is worth (van Hasselt et al. 2016).
        let (mut choices, mut values) = ([[0.0; ACTIONS]; BATCH], [[0.0; ACTIONS]; BATCH]);
        net.forward_batch(&next, &mut choices)?;
        target.forward_batch(&next, &mut values)?;
        let targets: [(usize, f32); BATCH] = std::array::from_fn(|i| {
            let later = values[i][argmax(&choices[i])];
            let left = if batch[i].fell { 0.0 } else { DISCOUNT * later };
            (batch[i].action, 1.0 + left)
        });
        let states = batch.map(|seen| seen.state);
        training.backward(&net, &states, &targets, &ActionValue(Huber::new(1.0)))?;
        training.clip_norm(10.0)?;
        descent.apply(&mut net, training.gradients())?;
        target.lerp_from(&net, TAU)?;

        let policy = |state: &State| argmax(&net.forward(state));
        if progress.solved(step + 1, policy) {
            break;
        }
    }
    Ok(progress.learnt(net))
}

//! Reinforcement learning: a network learns to balance a pole on a cart, by deep Q-learning or by proximal policy
//! optimization.
//!
//! `cargo run --release --example cartpole -- --algorithm ppo --watch`
#![forbid(unsafe_code)]

mod dqn;
mod environment;
mod picture;
mod ppo;
mod progress;

use environment::{CartPole, LIMIT, Outcome, State};
use kiln::{Draw, argmax};
use lexopt::prelude::*;
use progress::{Learnt, Progress};
use std::{error::Error, thread, time::Duration};

/// Episodes of the last examination.
const EPISODES: usize = 100;

/// The mean return from which Gymnasium counts the pole as balanced.
const SOLVED: f64 = 475.0;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut algorithm, mut seed, mut watch) = (String::from("dqn"), 7, false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("algorithm") => algorithm = arguments.value()?.string()?,
            Long("seed") => seed = arguments.value()?.parse()?,
            Long("watch") => watch = true,
            Long("help") => {
                println!("options: --algorithm dqn|ppo --seed 7 --watch");
                return Ok(());
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    let mut progress = Progress::new(seed);
    match algorithm.as_str() {
        "dqn" => {
            let learnt = dqn::learn(seed, &mut progress)?;
            let net = &learnt.net;
            show(&learnt, seed, watch, |state| argmax(&net.forward(state)))
        }
        "ppo" => {
            let learnt = ppo::learn(seed, &mut progress)?;
            let net = &learnt.net;
            show(&learnt, seed, watch, |state| argmax(&net.forward(state).0))
        }
        other => Err(format!("--algorithm {other}: must be dqn or ppo").into()),
    }
}

/// Examines a policy on episodes that it has not met, and shows one of them.
fn show<N>(
    learnt: &Learnt<N>,
    seed: u64,
    watch: bool,
    policy: impl Fn(&State) -> usize,
) -> Result<(), Box<dyn Error>> {
    let unseen = !seed;
    if watch {
        play(unseen, &policy);
    }
    let mean = environment::mean_return(unseen, EPISODES, policy);
    println!(
        "mean return {mean:.1} of {LIMIT} over {EPISODES} episodes, after {} steps and {} episodes in {:.1} s",
        learnt.steps, learnt.episodes, learnt.seconds,
    );
    if mean < SOLVED {
        return Err(format!(
            "a mean return below {SOLVED} does not count as solved; try another --seed"
        )
        .into());
    }
    Ok(())
}

/// Plays an episode in the terminal, as fast as the cart is.
fn play(seed: u64, policy: impl Fn(&State) -> usize) {
    let mut cart = CartPole::new(Draw::new(seed, 0, 0));
    loop {
        let outcome = cart.step(policy(&cart.state()));
        println!("{}\nstep {}", picture::draw(&cart), cart.steps());
        if outcome != Outcome::Stands {
            return;
        }
        thread::sleep(Duration::from_millis(20));
        // Up again, over the picture.
        print!("\x1b[{}A", picture::HEIGHT + 1);
    }
}

//! What is learnt so far, and when that is enough.

use crate::environment::{self, LIMIT, State};
use std::time::Instant;

/// Steps between two lines and looks at the policy.
const EVERY: usize = 2_048;

/// Episodes in which the pole must stand to the end before learning stops.
const TRIALS: usize = 20;

/// Counts episodes and says how long they were.
pub struct Progress {
    start: Instant,
    seed: u64,
    episodes: usize,
    /// Steps of the episodes that have ended since the last line.
    lengths: Vec<usize>,
    steps: usize,
    next: usize,
}

/// A network that has learnt.
pub struct Learnt<N> {
    pub net: N,
    pub steps: usize,
    pub episodes: usize,
    pub seconds: f64,
}

impl Progress {
    pub fn new(seed: u64) -> Self {
        Self {
            start: Instant::now(),
            seed,
            episodes: 0,
            lengths: Vec::new(),
            steps: 0,
            next: EVERY,
        }
    }

    /// An episode has ended.
    pub fn episode(&mut self, length: usize) {
        self.episodes += 1;
        self.lengths.push(length);
    }

    /// Whether a policy that tries out nothing has learnt enough; looks from time to time, and prints the return.
    pub fn solved(&mut self, steps: usize, policy: impl FnMut(&State) -> usize) -> bool {
        self.steps = steps;
        if steps < self.next {
            return false;
        }
        self.next = steps + EVERY;
        let without = environment::mean_return(self.seed ^ steps as u64, TRIALS, policy);
        let ended = self.lengths.len().max(1) as f64;
        let mean = self.lengths.drain(..).sum::<usize>() as f64 / ended;
        println!(
            "{steps:>6} steps, {:>4} episodes: mean return {mean:>5.1} while trying things out, {without:>5.1} without  {}",
            self.episodes,
            "█".repeat((without / LIMIT as f64 * 20.0).round() as usize)
        );
        without >= LIMIT as f64
    }

    /// The network, and what it took.
    pub fn learnt<N>(&self, net: N) -> Learnt<N> {
        Learnt {
            net,
            steps: self.steps,
            episodes: self.episodes,
            seconds: self.start.elapsed().as_secs_f64(),
        }
    }
}

//! Steps of training, counted, until the loss is below a goal.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use cortex_m_rt::exception;
use embedded::{Counter, report, tell};

/// How often the timer began anew. A Cortex-M0 has no atomic addition; nothing else writes here.
static TURNS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    TURNS.store(TURNS.load(Relaxed).wrapping_add(1), Relaxed);
}

/// A network's lesson.
pub struct Lesson {
    counter: Counter,
    goal: f64,
    /// The mean of some steps.
    loss: f64,
    steps: u32,
    instructions: u32,
}

impl Lesson {
    /// One that has been learnt when the mean loss of some steps is below `goal`.
    pub fn until(goal: f64, counter: Counter) -> Self {
        Self {
            counter: counter.interrupts(),
            goal,
            loss: 10.0 * goal,
            steps: 0,
            instructions: 0,
        }
    }

    /// The number of the next step, unless it has been learnt; 5,000 steps are enough.
    pub fn next(&self) -> Option<usize> {
        let goes_on = self.loss > self.goal && self.steps < 5_000;
        goes_on.then_some(self.steps as usize)
    }

    /// Takes a step, which gives its loss.
    pub fn step<E>(&mut self, step: impl FnOnce() -> Result<f64, E>) -> Result<(), E> {
        let loss;
        (loss, self.instructions) = self.counter.count_long(|| TURNS.load(Relaxed), step);
        self.loss = 0.95 * self.loss + 0.05 * loss?;
        self.steps += 1;
        Ok(())
    }

    /// Prints what a step took, and ends the program.
    pub fn end(&self) -> ! {
        tell("steps", self.steps);
        report(self.instructions, self.loss <= self.goal)
    }
}

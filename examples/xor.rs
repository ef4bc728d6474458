//! The smallest network that needs a hidden layer, trained by a loop written by hand.
//!
//! `cargo run --release --example xor`
#![forbid(unsafe_code)]

use kiln::prelude::*;
use std::time::Instant;

model! {
    /// Exclusive or of two numbers.
    pub struct Xor(x: [2]) -> [1] {
        hidden: Dense(8),
        Tanh,
        output: Dense(1),
    }
}

const INPUTS: [[f32; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
const TARGETS: [[f32; 1]; 4] = [[0.0], [1.0], [1.0], [0.0]];
const STEPS: usize = 500;

fn main() -> kiln::Result<()> {
    let mut net = Xor::new(Seed(1));
    let mut training = Training::new(&net, INPUTS.len())?;
    let mut descent = Descent::new(&net, Sgd::new(0.2).momentum(0.9))?;

    let start = Instant::now();
    for step in 1..=STEPS {
        // Forward, loss and backward; the gradients stay where they can be read by name, until the next call.
        let loss = training.backward(&net, &INPUTS, &TARGETS, &Mse)?;
        if step % 100 == 0 {
            let slope = training.gradients().get("output.bias").unwrap_or_default();
            println!("step {step}: loss {loss:.3e}, gradient of the output's bias {slope:?}");
        }
        descent.apply(&mut net, training.gradients())?;
    }

    let seconds = start.elapsed().as_secs_f64();
    let mut right = 0;
    for (x, y) in INPUTS.iter().zip(TARGETS) {
        let [answer] = net.forward(x);
        right += u32::from((answer - y[0]).abs() < 0.1);
        println!("{} xor {} = {answer:.3}", x[0], x[1]);
    }
    let accuracy = 100.0 * f64::from(right) / INPUTS.len() as f64;
    // Every step sees all there is to see.
    println!("test accuracy {accuracy:.1} % after {STEPS} epochs in {seconds:.1} s");
    Ok(())
}

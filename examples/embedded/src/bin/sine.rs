//! A sine: 1 input, two layers of 16, 1 output. Nothing but the network and its weights.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::hint::black_box;
use cortex_m_rt::entry;
use embedded::{Counter, end, report};
use kiln::model;

model! {
    /// A sine over one turn.
    #[kiln(weights = "weights/sine.safetensors", budget(params = 321, workspace = 256))]
    pub struct Sine(x: [1]) -> [1] { Dense(16), Relu, Dense(16), Relu, Dense(1) }
}

static NET: Sine = Sine::pretrained();

#[entry]
fn main() -> ! {
    let Some(mut counter) = Counter::take() else {
        end(false)
    };
    // Sines of 0.5 and 4.
    let ([up], instructions) = counter.count(|| NET.forward(black_box(&[0.5])));
    let ([down], _) = counter.count(|| NET.forward(black_box(&[4.0])));
    let is_right = (up - 0.4794).abs() < 0.05 && (down + 0.7568).abs() < 0.05;
    report(instructions, is_right)
}

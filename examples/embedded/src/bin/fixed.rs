//! Weights in read-only memory cannot change: there is no allocator to copy them with, and that is an error value.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embedded::end;
use kiln::{Error, Model, model};

model! {
    #[kiln(weights = "weights/sine.safetensors")]
    struct Sine(x: [1]) -> [1] { Dense(16), Relu, Dense(16), Relu, Dense(1) }
}

#[entry]
fn main() -> ! {
    let mut net = Sine::pretrained();
    let before = net.forward(&[0.5]);
    let changed = net.parameters_mut().set("0.bias", &[1.0; 16]);
    end(matches!(changed, Err(Error::Fixed)) && net.forward(&[0.5]) == before)
}

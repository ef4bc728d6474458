//! The sine of examples/embedded, by microflow: the same weights in integers of eight bits (`convert.py`).
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::hint::black_box;
use cortex_m_rt::entry;
use embedded::{Counter, end, report};
use microflow::model;
use nalgebra::matrix;

#[model("sine.tflite")]
struct Sine;

#[entry]
fn main() -> ! {
    let Some(mut counter) = Counter::take() else {
        end(false)
    };
    // Sines of 0.5 and 4.
    let (up, instructions) = counter.count(|| Sine::predict(black_box(matrix![0.5])));
    let (down, _) = counter.count(|| Sine::predict(black_box(matrix![4.0])));
    let is_right = (up[0] - 0.4794).abs() < 0.1 && (down[0] + 0.7568).abs() < 0.1;
    report(instructions, is_right)
}

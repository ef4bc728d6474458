//! Handwritten digits: 64 inputs, a layer of 128, ten classes.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::hint::black_box;
use cortex_m_rt::entry;
use embedded::{Counter, end, report, tell};
use kiln::{argmax, model};

model! {
    /// The network of the example `digits`.
    #[kiln(weights = "../data/digits.safetensors", budget(params = 9_610, workspace = 1024))]
    pub struct Digits(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }
}

static NET: Digits = Digits::pretrained();

#[entry]
fn main() -> ! {
    let Some(mut counter) = Counter::take() else {
        end(false)
    };
    let (mut instructions, mut right, mut images) = (0, 0, 0);
    for (image, digit) in embedded::digits() {
        let answer;
        (answer, instructions) = counter.count(|| argmax(&NET.forward(black_box(&image))));
        right += u32::from(answer == digit);
        images += 1;
    }
    tell("images", images);
    tell("right", right);
    report(instructions, images == 10 && right >= 8)
}

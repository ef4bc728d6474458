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

/// Images of digits: 64 pixels from 0 to 16, and the digit.
static IMAGES: &[u8] = include_bytes!("../../weights/digits.bin");

#[entry]
fn main() -> ! {
    let Some(mut counter) = Counter::take() else {
        end(false)
    };
    let (mut instructions, mut right, mut images) = (0, 0, 0);
    for &[ref pixels @ .., digit] in IMAGES.as_chunks::<65>().0 {
        let mut image = [[[0.0; 8]; 8]];
        let places = image.as_flattened_mut().as_flattened_mut();
        for (place, &pixel) in places.iter_mut().zip(pixels) {
            *place = f32::from(pixel) / 16.0;
        }
        let answer;
        (answer, instructions) = counter.count(|| argmax(&NET.forward(black_box(&image))));
        right += u32::from(answer == usize::from(digit));
        images += 1;
    }
    tell("images", images);
    tell("right", right);
    report(instructions, images == 10 && right >= 8)
}

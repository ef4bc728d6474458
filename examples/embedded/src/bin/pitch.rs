//! A small GRU that hears how fast a signal swings, frame by frame.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::hint::black_box;
use cortex_m_rt::entry;
use embedded::{Counter, end, report};
use kiln::{StreamState, model};

model! {
    /// The frequency of a swing, as a part of the highest there is.
    #[kiln(stream, weights = "weights/pitch.safetensors", budget(params = 553))]
    pub struct Pitch(signal: [64, 1]) -> [64, 1] { gru: Gru(12), fc: Dense(1) }
}

static NET: Pitch = Pitch::pretrained();

#[entry]
fn main() -> ! {
    let Some(mut counter) = Counter::take() else {
        end(false)
    };
    let (mut state, mut instructions, mut is_right) = (StreamState::new(), 0, true);
    // Two swings, of 0.2 and 0.8 radians a frame: x[t] = 2 cos(w) x[t-1] - x[t-2].
    for (cosine, frequency) in [(0.980_066_6, 0.2_f32), (0.696_706_7, 0.8)] {
        state.reset();
        let (mut before, mut now) = (-frequency, 0.0);
        let mut heard = 0.0;
        for _ in 0..64 {
            let answer;
            (answer, instructions) = counter.count(|| state.step(&NET, black_box(&[now])));
            [heard] = answer;
            (before, now) = (now, 2.0 * cosine * now - before);
        }
        is_right &= (heard - frequency).abs() < 0.1;
    }
    report(instructions, is_right)
}

//! Dense layers, a convolution with statistics of a batch, and an LSTM, trained as on every other machine: the losses are
//! the same but for roundings.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embedded::{end, say, tell};
use kiln::Result;
use kiln_bare::{LAST_LOSSES, alike, learn_curve, learn_marks, learn_pulse};

/// Says which network learns otherwise.
fn check(name: &str, learnt: Result<f64>, expected: f64) -> bool {
    let is_right = learnt.is_ok_and(|loss| alike(loss, expected));
    if !is_right {
        say(name);
        say(" learns otherwise than on other machines\n");
    }
    is_right
}

#[entry]
fn main() -> ! {
    let [curve, marks, pulse] = LAST_LOSSES;
    let checks = [
        check("curve", learn_curve().map(|([_, loss], _)| loss), curve),
        check("marks", learn_marks().map(|([_, loss], _)| loss), marks),
        check("pulse", learn_pulse().map(|([_, loss], _)| loss), pulse),
    ];
    tell("stack", probe::stack_used() as u32);
    end(checks == [true; 3])
}

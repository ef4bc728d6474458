//! A word to those whose network takes a softmax that the loss takes as well.

use crate::{loss::Loss, model::Model, network::Network};
use std::{
    io::{self, Write},
    sync::Once,
};

/// Says once in a process that a network ends in `Softmax`, if it does and the loss expects logits.
pub fn warn<N: Model, T, L: Loss<N::Output, T>>(loss: &L) {
    static ONCE: Once = Once::new();
    let last = N::Network::LAYERS.last();
    if loss.expects_logits() && last.is_some_and(|layer| layer.kind == "Softmax") {
        // A closed stream is no reason to panic, as `eprintln!` would.
        ONCE.call_once(|| {
            let _ = writeln!(
                io::stderr(),
                "kiln: `{}` ends in `Softmax`, but `CrossEntropy` takes the softmax itself, and of probabilities learns badly.\n\
                 Leave the layer out, and make probabilities of an answer with `kiln::softmax`.\n",
                N::Network::NAME
            );
        });
    }
}

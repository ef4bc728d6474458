//! Keras' quickstart classifier with its weights, for every instruction set: answers once.
#![forbid(unsafe_code)]

use kiln::model;
use std::io::{Read, Write, stdin, stdout};

model! {
    #[kiln(weights = "../../examples/web/mnist.safetensors")]
    pub struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }
}

static NET: Mnist = Mnist::pretrained();

fn main() {
    // A one.
    let mut image = [[[0.0; 28]; 28]; 1];
    for row in &mut image[0][5..23] {
        (row[13], row[14]) = (0.8, 1.0);
    }
    let answer = [b'0' + kiln::argmax(&NET.forward(&image)) as u8];
    let _ = stdout().write_all(&answer).and_then(|()| stdout().flush());
    // Until nobody looks at it any more.
    let _ = stdin().read(&mut [0]);
}

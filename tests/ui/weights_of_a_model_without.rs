use kiln::{Pretrained, prelude::*};

model! {
    struct Digits(image: [64]) -> [10] { Dense(10) }
}

fn answer<M: Model + Pretrained>() -> M {
    M::pretrained()
}

fn main() {
    let _: Digits = answer();
}

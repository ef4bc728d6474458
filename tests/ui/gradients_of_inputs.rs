use kiln::{Training, prelude::*};

model! {
    struct Critic(x: [4]) -> [1] { Dense(1) }
}

fn main() {
    let critic = Critic::new(Seed(1));
    let training = Training::new(&critic, 8).unwrap().with_input_gradients();
}

use kiln::prelude::*;

model! {
    #[kiln(weights = "weights/other.safetensors")]
    struct Net(x: [4]) -> [2] { fc: Dense(2) }
}

fn main() {}

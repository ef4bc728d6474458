use kiln::prelude::*;

model! {
    #[kiln(weights)]
    struct Without(x: [4]) -> [2] { fc: Dense(2) }

    #[kiln(weights = "a.safetensors", weights = "b.safetensors")]
    struct Two(x: [4]) -> [2] { fc: Dense(2) }
}

fn main() {}

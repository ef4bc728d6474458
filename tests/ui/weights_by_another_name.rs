use kiln::prelude::*;

model! {
    #[kiln(weights = "weights/typo.safetensors")]
    struct Typo(x: [4]) -> [2] { fc: Dense(2) }

    #[kiln(weights = "weights/whole.safetensors")]
    struct Swapped(x: [4]) -> [2] { cf: Dense(2) }

    #[kiln(weights = "weights/wrapped.safetensors")]
    struct Wrapped(x: [4]) -> [2] { fc: Dense(2) }
}

fn main() {}

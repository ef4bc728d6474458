use kiln::prelude::*;

model! {
    #[kiln(weights = "weights/unfit.safetensors")]
    struct Net(x: [4]) -> [2] {
        wide: Dense(2, bias = false),
        double: Dense(2, bias = false),
        whole: Dense(2, bias = false),
    }
}

fn main() {}

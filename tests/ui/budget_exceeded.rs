use kiln::prelude::*;

model! {
    #[kiln(budget(params = 3_000, workspace = 64, train = 256))]
    struct Motor(state: [3]) -> [1] {
        hidden: Dense(64),
        Tanh,
        wide: Dense(64),
        Tanh,
        Dense(1),
    }

    #[kiln(stream, budget(state = 512))]
    struct Amp(x: [64, 1]) -> [64, 1] { gru: Gru(20), fc: Dense(1) }
}

fn main() {}

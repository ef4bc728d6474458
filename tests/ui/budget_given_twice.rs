use kiln::prelude::*;

model! {
    #[kiln(budget(params = 3_000, params = 10_000))]
    struct Motor(state: [3]) -> [1] { Dense(1) }

    #[kiln(budget(params = 3_000), budget(train = 100))]
    struct Servo(state: [3]) -> [1] { Dense(1) }
}

fn main() {}

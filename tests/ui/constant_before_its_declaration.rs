use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        const WIDE: usize = 2 * NARROW;
        const NARROW: usize = 16;
        Dense(WIDE),
        Dense(4),
    }
}

fn main() {}

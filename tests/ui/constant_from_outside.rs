use kiln::model;

const HIDDEN: usize = 128;

model! {
    struct Net(x: [784]) -> [10] {
        Dense(HIDDEN),
        Dense(10),
    }
}

fn main() {}

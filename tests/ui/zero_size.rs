use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        const HIDDEN: usize = 128 / 256;
        Dense(HIDDEN),
        Dense(10),
    }
}

fn main() {}

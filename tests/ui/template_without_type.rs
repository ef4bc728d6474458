use kiln::model;

model! {
    struct Net<const HIDDEN: usize>(x: [784]) -> [10] {
        Dense(HIDDEN),
        Dense(10),
    }
}

fn main() {}

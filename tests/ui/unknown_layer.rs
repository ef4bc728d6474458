use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        Linear(128),
        Rleu,
        Dense(10),
    }
}

fn main() {}

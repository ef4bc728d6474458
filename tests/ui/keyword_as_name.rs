use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        in: Dense(128),
        Dense(10),
    }
}

fn main() {}

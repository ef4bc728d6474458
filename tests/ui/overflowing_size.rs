use kiln::model;

model! {
    struct Net(x: [65536]) -> [10] {
        fc: Dense(65536),
        Dense(10),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [16777216]) -> [10] {
        fc: Dense(16777216),
        Dense(10),
    }
}

fn main() {}

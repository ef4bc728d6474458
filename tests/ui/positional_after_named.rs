use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        Dense(bias = false, 4),
    }
}

fn main() {}

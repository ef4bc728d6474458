use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        Dense(4),
        forward {
            tanh(x[0..4])
        }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        Dense(outputs: 10),
    }
}

fn main() {}

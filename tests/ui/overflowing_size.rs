use kiln::model;

model! {
    struct Net(x: [4294967296]) -> [10] {
        fc: Dense(4294967296),
        Dense(10),
    }
}

fn main() {}

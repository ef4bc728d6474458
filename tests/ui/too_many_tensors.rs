use kiln::model;

model! {
    struct Net(a: [3], b: [4]) -> [2] {
        Dense(2),
    }
}

fn main() {}

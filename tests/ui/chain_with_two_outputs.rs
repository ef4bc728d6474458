use kiln::model;

model! {
    struct Net(x: [8]) -> ([4], [4]) {
        Dense(4),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        Dense(128),
        logits: Dense(12),
    }
}

fn main() {}

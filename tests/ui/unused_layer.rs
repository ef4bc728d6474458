use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        hidden: Dense(128),
        logits: Dense(10),
        forward {
            logits(x)
        }
    }
}

fn main() {}

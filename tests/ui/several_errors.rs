use kiln::model;

model! {
    struct Net(x: [784], y: [0]) -> [10] {
        hidden: Desne(128),
        logits: Dense(10, bais = true),
        forward { logits(hidden(x)) * z }
    }
    struct Other(x: [4]) -> [3] { Dense(2) }
}

fn main() {}

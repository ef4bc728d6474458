use kiln::model;

model! {
    struct Net(x: [8]) -> ([4], [8]) {
        fc: Dense(4),
        forward {
            (fc(x), x)
        }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        fc: Dense(4),
        forward {
            x + fc(x)
        }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        fc: Dense(4),
        forward {
            fc(x)
        }
        forward {
            fc(x)
        }
    }
}

fn main() {}

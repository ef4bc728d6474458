use kiln::model;

model! {
    struct Net(a: [3], b: [4]) -> [2] {
        fc: Dense(2),
        forward {
            fc(a) + fc(b)
        }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        fc: Dense(128),
        fc: Dense(10),
    }
}

fn main() {}

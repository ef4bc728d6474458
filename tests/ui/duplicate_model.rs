use kiln::model;

model! {
    struct Net(x: [784]) -> [10] { Dense(10) }
    struct Net(x: [784]) -> [12] { Dense(12) }
}

fn main() {}

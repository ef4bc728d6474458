use kiln::model;

model! {
    struct Net(type: [784]) -> [10] { Dense(10) }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] { Dense(10), Glu }
}

fn main() {}

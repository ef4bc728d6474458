use kiln::model;

model! {
    struct Net(x: [6]) -> [3] { Dense(3), Add }
}

fn main() {}

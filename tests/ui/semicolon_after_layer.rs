use kiln::model;

model! {
    struct Net(x: [784]) -> [10] { Dense(8); Relu; Dense(10); }
}

fn main() {}

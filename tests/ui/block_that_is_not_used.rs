use kiln::model;

model! {
    block Residual(x) { Dense(4), Relu }
    struct Net(x: [4]) -> [4] { Dense(4), Relu }
}

fn main() {}

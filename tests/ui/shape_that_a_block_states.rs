use kiln::model;

model! {
    block Narrow(x: [8]) { Dense(4), Relu }
    struct Net(x: [4]) -> [4] { Dense(8), Narrow, Narrow }
}

fn main() {}

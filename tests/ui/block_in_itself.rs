use kiln::model;

model! {
    block Outer(x) { Inner, Relu }
    block Inner(x) { Dense(4), Outer }
    struct Net(x: [4]) -> [4] { Outer }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [6]) -> [3] { forward { x[0..6..2] } }
}

fn main() {}

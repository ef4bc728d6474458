use kiln::model;

model! {
    struct Net(x: [3, 8, 8]) -> [8, 6, 6] { features.0: Conv2d(8, 3) }
}

fn main() {}

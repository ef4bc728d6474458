use kiln::model;

model! {
    struct Net(x: [8]) -> [3, 3] {
        Reshape(3, 3),
    }
}

fn main() {}

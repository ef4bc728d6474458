use kiln::model;

model! {
    struct Net(image: [3, 8, 8]) -> [4, 8, 8] {
        Conv2d(4, 3, 1, 1, 1, 3),
    }
}

fn main() {}

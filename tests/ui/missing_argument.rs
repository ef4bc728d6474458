use kiln::model;

model! {
    struct Net(image: [1, 28, 28]) -> [16, 26, 26] {
        stem: Conv2d(16),
    }
}

fn main() {}

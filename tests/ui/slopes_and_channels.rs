use kiln::model;

model! {
    struct Net(image: [3, 8, 8]) -> [16, 6, 6] {
        conv: Conv2d(16, kernel = 3),
        prelu: PRelu(8),
    }
}

fn main() {}

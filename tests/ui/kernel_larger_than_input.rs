use kiln::model;

model! {
    struct Net(image: [1, 4, 4]) -> [8, 1, 1] {
        stem: Conv2d(8, kernel = 3, dilation = 2),
    }
}

fn main() {}

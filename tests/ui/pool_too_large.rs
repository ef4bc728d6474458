use kiln::model;

model! {
    struct Net(image: [3, 300, 300]) -> [3, 1, 1] {
        MaxPool2d(65536),
    }
}

fn main() {}

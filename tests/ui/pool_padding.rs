use kiln::model;

model! {
    struct Net(image: [3, 8, 8]) -> [3, 4, 4] {
        MaxPool2d(3, padding = 2),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(image: [1, 8, 8]) -> [10] {
        Conv2d(16, 3, padding = 1),
        pool: MaxPool2d(2),
        fc: Dense(256, 10),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(sound: [64, 3]) -> [32, 3] {
        MaxPool2d(2),
    }
}

fn main() {}

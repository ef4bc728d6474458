use kiln::model;

model! {
    struct Net(x: [32, 1, 28, 28]) -> [10] { Conv2d(8, 3), Flatten, Dense(10) }
}

fn main() {}

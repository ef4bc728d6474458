use kiln::model;

model! {
    struct Net(x: [32, 1, 28, 28]) -> [10] { Flatten, Dense(10) }
}

fn main() {}

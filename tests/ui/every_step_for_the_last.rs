use kiln::model;

model! {
    struct Net(x: [28, 28]) -> [10] { Lstm(128), Dense(10) }
}

fn main() {}

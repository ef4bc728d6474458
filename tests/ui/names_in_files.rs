use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        Dense(10, name = "a.b"),
        Dense(10, name = "a.b"),
        Dense(10, name = "a"),
        Dense(10, name = "a b"),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net() -> [10] {
        Dense(10),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(tokens: u32[64]) -> [10] {
        Dense(10),
    }
}

fn main() {}

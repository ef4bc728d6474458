use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        const N: usize = ---------------------------------------------4;
        Dense(N),
    }
}

fn main() {}

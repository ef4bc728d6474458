use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        const HIDDEN: usize = 8;
        Dense(HIDDEN - 16),
        Dense(-4),
    }
}

fn main() {}

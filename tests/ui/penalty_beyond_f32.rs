use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        Dense(4, l1 = 1e39, l2 = 340282366920938463463374607431768211456),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Wide(x: [784]) -> [10] {
        Dense(99999999999999),
        Dense(10),
    }
}

model! {
    struct Deep(x: [7000000]) -> [10] {
        a: Dense(7000000),
        b: Dense(7000000),
        Dense(10),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Wide(x: [784]) -> [10] {
        Dense(99999999999999),
        Dense(10),
    }
}

model! {
    struct Deep(x: [40000]) -> [10] {
        a: Dense(40000),
        b: Dense(40000),
        Dense(10),
    }
}

fn main() {}

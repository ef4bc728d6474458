use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        a: Dense(10),
        forward { a(x).einsum(0) }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        a: Dense(10),
        forward { einsum(a(x)) }
    }
}

fn main() {}

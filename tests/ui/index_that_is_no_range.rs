use kiln::model;

model! {
    struct Net(x: [784]) -> [1] {
        a: Dense(10),
        forward { a(x)[0] }
    }
}

fn main() {}

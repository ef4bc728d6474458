use kiln::model;

model! {
    block Split(x) {
        a: Dense(4), b: Dense(4),
        forward { (a(x), b(x)) }
    }
    struct Net(x: [4]) -> [4] {
        split: Split,
        forward { let (a, b, c) = split(x); relu(split(a)) + b + c }
    }
}

fn main() {}

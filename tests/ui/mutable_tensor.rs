use kiln::model;

model! {
    struct Net(x: [6]) -> [6] {
        a: Dense(6),
        forward { let mut h = x; for _ in 0..3 { h = a(h); } h }
    }
}

fn main() {}

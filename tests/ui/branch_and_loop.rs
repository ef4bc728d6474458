use kiln::model;

model! {
    struct Net(x: [6]) -> [6] {
        a: Dense(6),
        forward { let h = if true { a(x) } else { x }; for _ in 0..3 { a(h); } h }
    }
}

fn main() {}

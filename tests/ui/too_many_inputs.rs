use kiln::model;

model! {
    struct Net(a: [1], b: [1], c: [1], d: [1], e: [1], f: [1], g: [1]) -> [7] {
        Concat,
    }
}

fn main() {}

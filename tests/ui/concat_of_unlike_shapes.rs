use kiln::model;

model! {
    struct Net(a: [2, 8], b: [2, 4]) -> [4, 8] {
        forward {
            concat(a, b)
        }
    }
}

fn main() {}

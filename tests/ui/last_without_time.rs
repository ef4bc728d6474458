use kiln::model;

model! {
    struct Net(x: [16]) -> [16] {
        Last,
    }
}

fn main() {}

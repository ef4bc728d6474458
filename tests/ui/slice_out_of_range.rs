use kiln::model;

model! {
    struct Net(x: [8]) -> [4] {
        forward {
            x[4..9]
        }
    }
}

fn main() {}

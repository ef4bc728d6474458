use kiln::model;

model! {
    struct Net(x: [10]) -> [10] {
        fc: Dense(10),
        forward {
            let h = fc(h + x);
            h
        }
    }
}

fn main() {}

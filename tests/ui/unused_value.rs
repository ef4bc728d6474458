use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        fc: Dense(10),
        forward {
            let h = relu(x);
            fc(x)
        }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        fc: Dense(10),
        forward(x) {
            fc(x)
        }
    }
}

fn main() {}

use kiln::model;

model! {
    #[derive(Debug, Default)]
    struct Net(x: [784]) -> [10] {
        Dense(10),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [784]) -> [10] {
        hidden: Dense(128, bais = false),
        Dropout(1.5),
        Dense(10, init = Kaiming),
    }
}

fn main() {}

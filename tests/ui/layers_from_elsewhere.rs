use kiln::model;

model! {
    struct Net(x: [28, 28]) -> [10] {
        LSTM(128, batch_first = true),
        Last,
        Linear(10),
        Softmax(dim = 1),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Encoder(x: [784]) -> [10] { Dense(10) }
    struct Net(x: [784]) -> [10] { encoder: Encoder, Relu }
}

fn main() {}

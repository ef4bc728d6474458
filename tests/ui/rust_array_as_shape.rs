use kiln::model;

model! {
    struct Net(x: [f32; 784]) -> [10] {
        Dense(10),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(image: [1, 28, 28]) -> [8, 28, 28] {
        Conv2d(8, kernel = 3, padding = Causal),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(image: [1, 28, 28]) -> [1, 30, 30] {
        Pad(1, mode = Reflct),
        Pad(1, value = 0.5),
    }
}

fn main() {}

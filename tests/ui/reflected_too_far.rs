use kiln::model;

model! {
    struct Net(image: [3, 4, 5]) -> [3, 9, 5] {
        edge: Pad(((1, 4), 0), mode = Reflect),
    }
}

fn main() {}

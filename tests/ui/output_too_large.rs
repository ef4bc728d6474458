use kiln::model;

model! {
    struct Net(image: [1, 20000, 20000]) -> [1, 20000, 20000] {
        Conv2d(1, kernel = 3, padding = 1),
    }
}

fn main() {}

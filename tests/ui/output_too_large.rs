use kiln::model;

model! {
    struct Net(image: [1, 30000, 30000]) -> [8, 30000, 30000] {
        Conv2d(8, kernel = 3, padding = 1),
    }
}

fn main() {}

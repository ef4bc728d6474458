use kiln::model;

model! {
    struct Net(image: [3, 28, 28]) -> [8, 14, 14] {
        Conv2d(8, kernel = 3, stride = 2),
    }
}

fn main() {}

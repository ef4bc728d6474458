use kiln::model;

model! {
    struct Net(image: [8, 2, 2]) -> [4, 1, 1] {
        up: ConvTranspose2d(4, kernel = 3, padding = 2),
    }
}

fn main() {}

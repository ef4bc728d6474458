use kiln::model;

model! {
    struct Net(image: [8, 4, 4]) -> [4, 10, 10] {
        up: ConvTranspose2d(4, kernel = 3, stride = 2, output_padding = (1, 2)),
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(image: [3, 4, 4]) -> [3, 1, 1] {
        Upsample(0.2),
        Upsample(2, mode = Bilinear, size = 8),
    }
}

fn main() {}

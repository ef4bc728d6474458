use kiln::model;

model! {
    struct Net(image: [3, 8, 8], n: u32) -> [8, 8] {
        forward { mean(image, axis = 0, length = n) }
    }
}

fn main() {}

use kiln::model;

model! {
    struct Net(image: [16, 8, 8], gate: [16]) -> [16, 8, 8] {
        forward {
            image * gate
        }
    }
}

fn main() {}

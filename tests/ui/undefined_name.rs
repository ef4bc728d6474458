use kiln::model;

model! {
    struct Net(image: [784]) -> [10] {
        fc: Dense(10),
        forward {
            fc(imgae) + cf(image)
        }
    }
}

fn main() {}

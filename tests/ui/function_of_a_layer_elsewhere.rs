use kiln::model;

model! {
    struct Net(image: [8, 6, 6]) -> [8] {
        forward {
            let a = zero_pad2d(image, 1);
            let b = batch_normalization(a);
            global_average_pooling2d(b)
        }
    }
}

fn main() {}

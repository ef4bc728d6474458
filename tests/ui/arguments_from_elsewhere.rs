use kiln::model;

model! {
    struct Net(x: [1, 28, 28]) -> [10] {
        Conv2d(filters = 8, kernel_size = 3, input_shape = (28, 28, 1)),
        Flatten,
        Dense(units = 10, use_bias = true),
    }
}

fn main() {}

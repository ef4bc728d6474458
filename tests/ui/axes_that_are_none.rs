use kiln::model;

model! {
    struct Net(image: [8, 6, 6]) -> [8, 6] {
        GroupNorm(2, axis = 1),
        L2Normalize(dim = 0),
        MaxPool2d(3, padding_mode = Reflect),
        Mean(axis = []),
    }

    struct Twice(x: [1, 8, 1]) -> [8] { Squeeze((0, 0)), Relu }
}

fn main() {}

use kiln::model;

model! {
    struct Net(x: [8]) -> [8] {
        HardTanh(1, -1),
        Clamp,
    }

    struct Clamped(x: [8]) -> [8] {
        Clamp(min = 2, max = 0.5),
        Softplus(beta = 0),
        Gelu(approximate = "tanh"),
    }
}

fn main() {}

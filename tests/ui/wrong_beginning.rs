use kiln::model;

model! {
    struct Net(x: [4, 8]) -> [3] {
        Dense(8, init = HeNormal),
        Dense(8, init = Orthogonal(-1)),
        Dense(8, init = Uniform(0.1)),
        Dense(8, init = TruncatedNormal(0.02, 0.04, -0.04)),
        Dense(8, init = Normal(0, std = 0.1), bias_init = Orthogonal),
        own: crate::Own(gain: [8], init = Orthogonal) -> [4, 8],
        Lstm(3, max_norm = 0),
        Last,
    }
}

fn main() {}

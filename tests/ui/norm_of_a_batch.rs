use kiln::model;

model! {
    struct Net(image: [3, 8, 8]) -> [2, 10] {
        Conv2d(16, 3, bias = false),
        bn1: BatchNorm2d(16),
        bn2: BatchNorm(3),
        bn3: BatchNorm(16, epsilon = 1e-3, momentum = 2),
        Flatten,
        bn4: BatchNorm(eps = 0.0, affine = 1, track_running_stats = true),
        Dense(10),
    }
}

fn main() {
    let _ = Net::new(kiln::Seed(0));
}

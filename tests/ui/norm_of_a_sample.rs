use kiln::model;

model! {
    struct Images(image: [3, 8, 8]) -> [12] {
        Conv2d(12, 3),
        a: LayerNorm(6),
        b: LayerNorm([12, 6]),
        c: LayerNorm(6, 6, axes = 3),
        d: LayerNorm(axes = 4),
        e: GroupNorm(5),
        f: GroupNorm(4, 16),
        g: InstanceNorm(3),
        h: GroupNorm(num_groups = 4),
        i: InstanceNorm2d(12),
        GlobalAvgPool,
        j: InstanceNorm,
        k: GroupNorm(12),
    }

    struct Vectors(x: [4, 8]) -> [4, 8] {
        layer: LayerNorm(normalized_shape = 8, elementwise_affine = false),
        rms: RMSNorm(8),
        forward { normalize(rms(layer(x))) }
    }
}

fn main() {
    let _ = Images::new(kiln::Seed(0));
}

use kiln::{CustomLayer, prelude::*};

struct Gain;

impl<const N: usize> CustomLayer<[f32; N], [f32; N], [f32; N]> for Gain {
    fn forward(_: &[f32; N], _: &[f32; N], _: &mut [f32; N], _: ()) {}

    fn backward(
        _: (&[f32; N], &[f32; N], &[f32; N], &[f32; N]),
        _: (),
        _: &mut [f32; N],
        _: &mut [f32; N],
    ) {
    }
}

model! {
    struct Net(x: [4]) -> [2] {
        Dense(8),
        gain: self::Gain(weight: [4]) -> [8],
        Dense(2),
    }
}

fn main() {}

//! What becomes of sums in registers: a normalisation, a residual and an activation, in every combination.

use super::reference::{Sizes, activation, export};
use super::*;
use crate::kernels::activation::Activation;
use core::{array, marker::PhantomData};

const SAMPLES: usize = 2;

/// The bounds of a rectifier, and of nothing.
const RECTIFIED: [f32; 2] = [0.0, f32::INFINITY];
const ALL: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

/// The operands of a layer from X to Y, and its sums by the definition.
struct Layer<C, X, Y, const XS: usize, const K: usize, const P: usize, const YS: usize> {
    x: [[f32; XS]; SAMPLES],
    w: [[Block; K]; P],
    b: [Block; P],
    /// Mean, scale and shift of every output channel, as the kernels take them.
    lines: [[Block; P]; 3],
    residual: [[Block; YS]; SAMPLES],
    sums: [Vec<f64>; SAMPLES],
    geometry: PhantomData<(C, X, Y)>,
}

/// A number for each channel. What lies in padding lanes must not matter.
fn channels<const P: usize>(values: &[f32]) -> [Block; P] {
    let value = |channel: usize| values.get(channel).copied().unwrap_or(1.5);
    array::from_fn(|panel| Block(array::from_fn(|lane| value(panel * LANES + lane))))
}

impl<
    C: Stencil,
    X: Image,
    Y: Image,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
> Layer<C, X, Y, XS, K, P, YS>
{
    fn new() -> Self {
        let sizes = Sizes::of::<C, X, Y>();
        let images: [Vec<f32>; SAMPLES] =
            array::from_fn(|sample| noise(X::CHANNELS * X::HEIGHT * X::WIDTH, 10 + sample as u32));
        let (weight, bias) = (noise(Y::CHANNELS * K, 1), noise(Y::CHANNELS, 2));
        let (mut x, mut residual) = ([[0.0; XS]; SAMPLES], [[Block::ZERO; YS]; SAMPLES]);
        for sample in 0..SAMPLES {
            import::<X>(&images[sample], &mut x[sample]);
            let values = noise(sizes.outputs(), 20 + sample as u32);
            import::<Y>(
                &values,
                bytemuck::must_cast_slice_mut(&mut residual[sample]),
            );
        }
        let sums =
            |sample: usize| sizes.forward(&wide(&images[sample]), &wide(&weight), &wide(&bias));
        Self {
            x,
            w: sizes.pack::<K, P>(&weight).try_into().unwrap(),
            b: channels(&bias),
            lines: array::from_fn(|line| channels(&noise(Y::CHANNELS, 3 + line as u32))),
            residual,
            sums: array::from_fn(sums),
            geometry: PhantomData,
        }
    }

    /// Compares with f(the sums, on their lines if they are normalised, and with the residual if that is added).
    fn compare(
        &self,
        what: &str,
        y: &[[Block; YS]],
        [normal, added]: [bool; 2],
        f: impl Fn(f64) -> f64,
    ) {
        let line = |place: usize, channel: usize| {
            f64::from(self.lines[place][channel / LANES].0[channel % LANES])
        };
        for (sample, y) in y.iter().enumerate() {
            let residual = export::<Y>(floats(&self.residual[sample]), true);
            let expected = self.sums[sample].iter().enumerate().map(|(index, &sum)| {
                let channel = index / (Y::HEIGHT * Y::WIDTH);
                let mut value = sum;
                if normal {
                    value = (value - line(0, channel)) * line(1, channel) + line(2, channel);
                }
                if added {
                    value += f64::from(residual[index]);
                }
                f(value)
            });
            let expected = expected.collect::<Vec<_>>();
            close(what, &export::<Y>(floats(y), true), &expected, 1e-5);
        }
    }

    /// [`forward_told`].
    fn told<S: Isa>(
        &self,
        s: S,
        [normal, added]: [bool; 2],
        [min, max]: [f32; 2],
    ) -> [[Block; YS]; SAMPLES] {
        let lines = if normal {
            self.lines.as_flattened()
        } else {
            &[]
        };
        let residual = if added { &self.residual[..] } else { &[] };
        let mut y = [[DIRTY; YS]; SAMPLES];
        let finish = (lines, min, max);
        forward_told::<S, C, X, Y, XS, K, P, YS>(
            s, &self.x, &self.w, &self.b, finish, residual, &mut y,
        );
        y
    }

    /// [`forward_normal`] against the definition.
    fn normal<S: Isa, A: Activation, const RESIDUAL: bool>(
        &self,
        s: S,
        name: &str,
    ) -> [[Block; YS]; SAMPLES] {
        let residual = if RESIDUAL { &self.residual[..] } else { &[] };
        let (mut y, lines) = ([[DIRTY; YS]; SAMPLES], self.lines.as_flattened());
        forward_normal::<S, A, C, X, Y, RESIDUAL, XS, K, P, YS>(
            s, &self.x, &self.w, &self.b, lines, residual, &mut y,
        );
        self.compare(name, &y, [true, RESIDUAL], |z| activation(name, z));
        y
    }
}

impl<
    C: Stencil,
    X: Image,
    Y: Image,
    const XS: usize,
    const K: usize,
    const P: usize,
    const YS: usize,
> Task for &Layer<C, X, Y, XS, K, P, YS>
{
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        for normal in [false, true] {
            for added in [false, true] {
                for bounds in [RECTIFIED, ALL, [-0.5, 0.25]] {
                    let what = std::format!("{:?}, told {normal}, {added}, {bounds:?}", S::SET);
                    let y = self.told(s, [normal, added], bounds);
                    let [min, max] = bounds.map(f64::from);
                    self.compare(&what, &y, [normal, added], |z| z.clamp(min, max));
                }
            }
        }
        // What is told by values has the bits of what is told by types.
        let told = |added, bounds| self.told(s, [true, added], bounds);
        assert_eq!(
            self.normal::<S, Relu, false>(s, "Relu"),
            told(false, RECTIFIED)
        );
        assert_eq!(
            self.normal::<S, Relu, true>(s, "Relu"),
            told(true, RECTIFIED)
        );
        assert_eq!(
            self.normal::<S, Identity, false>(s, "Identity"),
            told(false, ALL)
        );
        assert_eq!(
            self.normal::<S, Identity, true>(s, "Identity"),
            told(true, ALL)
        );
        self.normal::<S, Sigmoid, false>(s, "Sigmoid");
        self.normal::<S, Sigmoid, true>(s, "Sigmoid");
        std::println!("every combination agrees on {:?}", S::SET);
    }
}

/// A test of one geometry: a convolution from one image to another.
macro_rules! case {
    ($name:ident: $x:ty => $stencil:ty => $y:ty) => {
        #[test]
        fn $name() {
            type C = $stencil;
            type X = $x;
            type Y = $y;
            const K: usize = C::KERNEL[0] * C::KERNEL[1] * X::CHANNELS;
            const P: usize = Y::CHANNELS.div_ceil(LANES);
            const YS: usize = Y::FLOATS / LANES;
            let layer = Layer::<C, X, Y, { X::FLOATS }, K, P, YS>::new();
            for level in simd::levels() {
                simd::dispatch(level, &layer);
            }
        }
    };
}

case!(
    between_borders:
        Planar<3, 7, 6, 1, 1, 9, 8>
        => Taps<3, 3, 1, 1, 1, 1, 1, 1>
        => ChannelLast<7, 6, 20, 1, 2, 9, 9>
);
case!(
    out_of_a_border:
        ChannelLast<6, 7, 20, 1, 1, 8, 9>
        => Taps<3, 3, 1, 1, 1, 1, 1, 1>
        => ChannelLast<6, 7, 16, 0, 0, 6, 7>
);
case!(
    into_a_border:
        ChannelLast<8, 9, 16, 0, 0, 8, 9>
        => Taps<3, 3, 2, 2, 1, 1, 0, 0>
        => ChannelLast<3, 4, 20, 2, 1, 6, 6>
);
case!(
    no_borders:
        ChannelLast<5, 5, 16, 0, 0, 5, 5>
        => Taps<1, 1, 1, 1, 1, 1, 0, 0>
        => ChannelLast<5, 5, 3, 0, 0, 5, 5>
);
case!(
    few_channels:
        ChannelLast<5, 4, 3, 1, 1, 7, 6>
        => Taps<3, 3, 1, 1, 1, 1, 1, 1>
        => ChannelLast<5, 4, 3, 1, 1, 7, 6>
);
case!(
    part_of_a_panel:
        ChannelLast<4, 9, 20, 0, 0, 4, 9>
        => Taps<1, 1, 1, 1, 1, 1, 0, 0>
        => ChannelLast<4, 9, 20, 0, 0, 4, 9>
);

//! Derivatives where slopes jump, as PyTorch has them.

use super::*;

/// The derivative at a number.
struct At<A>(f32, From, PhantomData<A>);

impl<A: Declared> Task for At<A> {
    type Output = f32;

    fn run<S: Isa>(self, s: S) -> f32 {
        let x = [Block([self.0; LANES])];
        let mut y = [Block::ZERO];
        A::KIND.apply(s, &x, &mut y);
        let mut delta = [Block([1.0; LANES])];
        let from = if self.1 == From::Input { &x } else { &y };
        backward::<S, A>(s, from, &mut delta);
        delta[0].0[0]
    }
}

fn check<A: Declared>(from: From, slopes: &[(f32, f32)]) {
    for level in simd::levels() {
        for &(x, expected) in slopes {
            let found = simd::dispatch(level, At::<A>(x, from, PhantomData));
            let name = core::any::type_name::<A>();
            assert!(
                found == expected || found.is_nan() && expected.is_nan(),
                "{name} at {x}: {found}"
            );
        }
    }
}

#[test]
fn slopes_jump_where_those_of_pytorch_do() {
    use self::From::{Input, Output};
    const NAN: f32 = f32::NAN;
    check::<Relu>(Output, &[(0.0, 0.0), (-0.0, 0.0), (NAN, 1.0)]);
    type Relu6 = HardTanh<{ bits(0.0) }, { bits(6.0) }>;
    check::<Relu6>(Output, &[(0.0, 0.0), (6.0, 0.0), (5.9, 1.0), (NAN, 1.0)]);
    check::<LeakyRelu<{ bits(0.25) }>>(Output, &[(0.0, 0.25), (-1.0, 0.25), (NAN, 0.25)]);
    check::<LeakyRelu<{ bits(0.0) }>>(Output, &[(0.0, 0.0), (-1.0, 0.0), (1.0, 1.0)]);
    check::<Elu<{ bits(0.5) }>>(Output, &[(0.0, 0.5), (1.0, 1.0), (-30.0, 0.0)]);
    check::<Elu<{ bits(-0.5) }>>(Input, &[(0.0, -0.5), (1.0, 1.0)]);
    check::<Selu>(Output, &[(0.0, 1.758_099_3), (1.0, 1.050_701)]);
    check::<HardSigmoid>(
        Output,
        &[(-3.0, 0.0), (3.0, 0.0), (0.0, 1.0 / 6.0), (NAN, 0.0)],
    );
    check::<HardSwish>(Input, &[(-3.0, 0.0), (3.0, 1.0), (0.0, 0.5), (NAN, 1.0)]);
    check::<Abs>(Input, &[(0.0, 0.0), (-1.0, -1.0), (2.0, 1.0), (NAN, 0.0)]);
    check::<Sqrt>(Output, &[(0.0, f32::INFINITY), (4.0, 0.25), (-1.0, NAN)]);
    check::<Log>(Input, &[(0.0, f32::INFINITY), (-1.0, -1.0), (4.0, 0.25)]);
    type Low = Softplus<{ bits(2.0) }, { bits(1.0) }>;
    check::<Low>(Input, &[(0.5, 0.731_058_6), (0.6, 1.0)]);
    check::<Softplus<{ bits(1.0) }, { bits(20.0) }>>(
        Output,
        &[(20.0, 1.0), (20.5, 1.0), (0.0, 0.5)],
    );
}

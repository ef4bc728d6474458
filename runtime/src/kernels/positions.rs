//! A table of vectors, one for each step, that is added to every sequence: y\[t\] = x\[t\] + W\[t\]. The gradient of a
//! table that is learnt is that of a bias, as long as a whole sequence.

use crate::{block::Block, math, simd::Isa};

/// y = x + table.
pub fn add<S: Isa, const T: usize, const B: usize>(
    s: S,
    x: &[[[Block; B]; T]],
    table: &[[Block; B]; T],
    y: &mut [[[Block; B]; T]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                let blocks = x.as_flattened().iter().zip(table.as_flattened());
                for (y, (x, w)) in y.as_flattened_mut().iter_mut().zip(blocks) {
                    y.store(math::flush(s, x.load(s) + w.load(s)));
                }
            }
        },
    );
}

/// The table of sines and cosines of `F` features by Vaswani et al. 2017: at 2i and 2i + 1 those of `t r^i`, where `r`
/// is 10000^(-2 / F).
///
/// The angle of a feature grows by the same with every step, so that its sine and cosine are turned by those of one
/// step:
///
/// ```text
/// sin(a + w) = sin(a) cos(w) + cos(a) sin(w)
/// cos(a + w) = cos(a) cos(w) - sin(a) sin(w)
/// ```
///
/// In double precision the error of some thousand turns is far below a unit in the last place of `f32`.
pub const fn sinusoids<const T: usize, const B: usize, const F: usize>(r: f64) -> [[Block; B]; T] {
    let mut table = [[Block::ZERO; B]; T];
    let (mut feature, mut w) = (0, 1.0);
    while feature < F {
        let (turn_sin, turn_cos) = sin_cos(w);
        let (block, lane) = (feature / 16, feature % 16);
        let (mut sin, mut cos, mut t) = (0.0, 1.0, 0);
        while t < T {
            table[t][block].0[lane] = sin as f32;
            // An odd number of features ends in a sine.
            if feature + 1 < F {
                table[t][block].0[lane + 1] = cos as f32;
            }
            (sin, cos) = (
                sin * turn_cos + cos * turn_sin,
                cos * turn_cos - sin * turn_sin,
            );
            t += 1;
        }
        w *= r;
        feature += 2;
    }
    table
}

/// Sine and cosine of an angle from 0 to 1, by their series.
const fn sin_cos(w: f64) -> (f64, f64) {
    let (mut sin, mut cos, mut term, mut n) = (0.0, 0.0, 1.0, 0);
    while n < 24 {
        match n % 4 {
            0 => cos += term,
            1 => sin += term,
            2 => cos -= term,
            _ => sin -= term,
        }
        n += 1;
        term *= w / n as f64;
    }
    (sin, cos)
}

#[cfg(test)]
mod tests {
    use super::{add, sinusoids};
    use crate::{
        block::Block,
        simd::{self, Isa, Task},
    };

    #[test]
    fn sines_and_cosines_are_those_of_the_angles() {
        const FEATURES: usize = 37;
        let r = 10_000_f64.powf(-2.0 / FEATURES as f64);
        let table = sinusoids::<3000, 3, FEATURES>(r);
        for (t, row) in table.iter().enumerate() {
            let row = row.iter().flat_map(|block| block.0);
            for (feature, found) in row.enumerate() {
                let angle = t as f64 / 10_000_f64.powf((feature / 2 * 2) as f64 / FEATURES as f64);
                let expected = match feature {
                    FEATURES.. => 0.0,
                    _ if feature % 2 == 0 => angle.sin(),
                    _ => angle.cos(),
                };
                let error = (f64::from(found) - expected).abs();
                assert!(
                    error < 1e-7,
                    "step {t}, feature {feature}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn every_sequence_gets_the_table() {
        struct Add<'a>(
            &'a [[[Block; 1]; 2]],
            &'a [[Block; 1]; 2],
            &'a mut [[[Block; 1]; 2]],
        );
        impl Task for Add<'_> {
            type Output = ();

            #[inline(always)]
            fn run<S: Isa>(self, s: S) {
                add(s, self.0, self.1, self.2);
            }
        }
        let step = |number: f32| [Block([number; 16])];
        let x = [[step(1.0), step(2.0)], [step(3.0), step(4.0)]];
        for level in simd::levels() {
            let mut y = [[step(9.0); 2]; 2];
            simd::dispatch(level, Add(&x, &[step(10.0), step(20.0)], &mut y));
            assert_eq!(y, [[step(11.0), step(22.0)], [step(13.0), step(24.0)]]);
        }
    }
}

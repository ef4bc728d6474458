//! The sums of a sample's units.

use super::*;

/// What is summed of a sample does not depend on those before it: chunks begin anywhere in a batch.
#[test]
fn samples_have_sums_of_their_own() {
    struct Sums<'a>(Pixels, Rule, [&'a [Block]; 3]);
    impl Task for Sums<'_> {
        type Output = Vec<[u32; LANES]>;
        fn run<S: Isa>(self, s: S) -> Self::Output {
            let Self(pixels, rule, [x, dy, kept]) = self;
            let mut found = vec![DIRTY; x.len() / pixels.blocks * 2 * pixels.panels];
            super::super::sums(s, x, dy, kept, &mut found, pixels, rule, 2);
            let bits = |block: Block| block.0.map(f32::to_bits);
            found.into_iter().map(bits).collect()
        }
    }
    // Samples of 3, 5, 7, 16, 18 and 40 units.
    for (rows, columns) in [(3, 1), (5, 1), (1, 7), (4, 4), (6, 3), (8, 5)] {
        let (pixels, rule) = (image(18, rows, columns, 0), rule(Norm::Rms, false, 1e-5));
        let (x, dy) = (
            samples(pixels, 11, noise),
            samples(pixels, 11, |i| noise(i + 3)),
        );
        // A number for each unit, sample by sample.
        let each = pixels.count().div_ceil(LANES);
        let kept = vec![Block([0.5; LANES]); 11 * each];
        for level in simd::levels() {
            let all = simd::dispatch(level, Sums(pixels, rule, [&x, &dy, &kept]));
            let rest = Sums(
                pixels,
                rule,
                [&x[pixels.blocks..], &dy[pixels.blocks..], &kept[each..]],
            );
            let rest = simd::dispatch(level, rest);
            assert!(all[2 * pixels.panels..] == rest, "{rows} x {columns}");
        }
    }
}

/// Sums of more units than a chain has positions.
#[test]
fn long_sequences_have_several_sums() {
    let (pixels, rule) = (image(3, 9000, 1, 0), rule(Norm::Rms, false, 1e-5));
    let x = samples(pixels, 2, noise);
    let dy = samples(pixels, 2, |index| noise(index + 3) + 100.0);
    let affine = Affine {
        weight: &[],
        bias: &[],
    };
    run::<Identity>((pixels, rule), [&x, &dy], affine, |pass| {
        assert_eq!(pass.sums.len(), 2 * 3 * 2);
        for channel in 0..3 {
            let numbers = dy.iter().map(|block| f64::from(block.0[channel]));
            let expected: f64 = numbers.sum();
            let terms = pass
                .sums
                .chunks(2)
                .map(|sums| f64::from(sums[1].0[channel]));
            let found: f64 = terms.sum();
            assert!(
                (found - expected).abs() <= 1e-6 * expected,
                "{found} {expected}"
            );
        }
    });
}

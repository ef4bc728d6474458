//! Convolutions in groups beside what they are made of: normalisations that inference absorbs, threads, and layers that are
//! applied to inputs of several sizes.
#![forbid(unsafe_code)]

use kiln::{prelude::*, simd};

model! {
    struct Absorbed(x: [32, 6, 7]) -> [36, 6, 7] {
        each: Conv2d(32, 3, padding = 1, groups = 32, bias = false), bn1: BatchNorm,
        fours: Conv2d(32, 3, padding = 1, groups = 8), bn2: BatchNorm,
        halves: Conv2d(32, 3, padding = 1, groups = 2, bias = false), bn3: BatchNorm,
        nines: Conv2d(36, 3, padding = 1, groups = 4), bn4: BatchNorm,

        forward {
            let a = relu(bn1(each(x)));
            let b = tanh(bn2(fours(a)) + a);
            let c = relu(bn3(halves(b)) + b);
            tanh(bn4(nines(c)))
        }
    }

    /// The same, but all sums are outputs, too: nothing can be absorbed.
    struct Apart(x: [32, 6, 7]) -> ([36, 6, 7], [32, 6, 7], [32, 6, 7], [32, 6, 7], [36, 6, 7]) {
        each: Conv2d(32, 3, padding = 1, groups = 32, bias = false), bn1: BatchNorm,
        fours: Conv2d(32, 3, padding = 1, groups = 8), bn2: BatchNorm,
        halves: Conv2d(32, 3, padding = 1, groups = 2, bias = false), bn3: BatchNorm,
        nines: Conv2d(36, 3, padding = 1, groups = 4), bn4: BatchNorm,

        forward {
            let first = each(x);
            let a = relu(bn1(first));
            let second = fours(a);
            let b = tanh(bn2(second) + a);
            let third = halves(b);
            let c = relu(bn3(third) + b);
            let fourth = nines(c);
            (tanh(bn4(fourth)), first, second, third, fourth)
        }
    }

    struct Both(small: [20, 4, 5], large: [20, 6, 7]) -> ([40, 4, 5], [40, 6, 7]) {
        each: Conv2d(20, 3, padding = 1, groups = 20),
        fours: Conv2d(20, 3, padding = 1, groups = 5),
        twos: Conv2d(40, 3, padding = 1, groups = 20),
        halves: Conv2d(40, 3, padding = 1, groups = 2),

        forward {
            (halves(twos(fours(each(small)))), halves(twos(fours(each(large)))))
        }
    }

    struct Small(small: [20, 4, 5]) -> [40, 4, 5] {
        each: Conv2d(20, 3, padding = 1, groups = 20),
        fours: Conv2d(20, 3, padding = 1, groups = 5),
        twos: Conv2d(40, 3, padding = 1, groups = 20),
        halves: Conv2d(40, 3, padding = 1, groups = 2),
    }

    struct Large(large: [20, 6, 7]) -> [40, 6, 7] {
        each: Conv2d(20, 3, padding = 1, groups = 20),
        fours: Conv2d(20, 3, padding = 1, groups = 5),
        twos: Conv2d(40, 3, padding = 1, groups = 20),
        halves: Conv2d(40, 3, padding = 1, groups = 2),
    }
}

/// Reproducible images with numbers in -1..1.
fn images<const C: usize, const H: usize, const W: usize>(
    count: usize,
    seed: u32,
) -> Vec<[[[f32; W]; H]; C]> {
    let mut state = seed;
    let mut images = vec![[[[0.0; W]; H]; C]; count];
    for number in images
        .as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
    {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *number = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
    }
    images
}

fn close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let off = (found - expected).abs();
        assert!(
            off <= 1e-5 * (1.0 + expected.abs()),
            "{what}: {found} is not {expected}"
        );
    }
}

/// Every check on every instruction set, one after another: a restriction holds for the whole process.
#[test]
fn groups_in_company() {
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set));
        normalisations_are_absorbed();
        bits_do_not_depend_on_threads();
        applications_add_up();
        println!("groups agree on {set:?}");
    }
    simd::restrict(None);
}

fn normalisations_are_absorbed() {
    let (mut absorbed, mut apart) = (Absorbed::new(Seed(3)), Apart::new(Seed(4)));
    let names: Vec<_> = absorbed.parameters().names().collect();
    for (index, (name, _)) in names.into_iter().enumerate() {
        let mut numbers = absorbed.parameters().get(name).expect(name);
        if name.contains("bn") && numbers.len() > 1 {
            for (lane, number) in numbers.iter_mut().enumerate() {
                *number = 0.5 + ((lane * 7 + index * 3) % 11) as f32 / 10.0;
            }
            absorbed.parameters_mut().set(name, &numbers).expect(name);
        }
        apart.parameters_mut().set(name, &numbers).expect(name);
    }
    for image in images::<32, 6, 7>(2, 9) {
        let answer = absorbed.forward(&image);
        let (expected, ..) = apart.forward(&image);
        close(
            "absorbed",
            answer.as_flattened().as_flattened(),
            expected.as_flattened().as_flattened(),
        );
    }
}

fn bits_do_not_depend_on_threads() {
    let net = Absorbed::new(Seed(5));
    let (inputs, targets) = (images::<32, 6, 7>(13, 1), images::<36, 6, 7>(13, 2));
    let gradients = |threads| {
        let mut training = Training::with_threads(&net, inputs.len(), threads).expect("memory");
        training
            .backward(&net, &inputs, &targets, &Mse)
            .expect("finite numbers");
        let names = training.gradients().names();
        let bits = names.flat_map(|(name, _)| training.gradients().get(name).expect(name));
        bits.map(f32::to_bits).collect::<Vec<_>>()
    };
    let alone = gradients(1);
    for threads in [2, 5] {
        assert_eq!(gradients(threads), alone, "{threads} threads");
    }
}

fn applications_add_up() {
    let (small, large) = (images::<20, 4, 5>(3, 1), images::<20, 6, 7>(3, 2));
    let (down, below) = (images::<40, 4, 5>(3, 3), images::<40, 6, 7>(3, 4));
    let both: Vec<_> = small.iter().copied().zip(large.iter().copied()).collect();
    let deltas: Vec<_> = down.iter().copied().zip(below.iter().copied()).collect();
    let (net, first, second) = (Both::new(Seed(1)), Small::new(Seed(1)), Large::new(Seed(1)));
    let mut training = Training::new(&net, 3).expect("memory");
    training
        .backward_from(&net, &both, &deltas)
        .expect("finite numbers");
    let mut one = Training::new(&first, 3).expect("memory");
    one.backward_from(&first, &small, &down)
        .expect("finite numbers");
    let mut other = Training::new(&second, 3).expect("memory");
    other
        .backward_from(&second, &large, &below)
        .expect("finite numbers");
    for (name, _) in training.gradients().names() {
        let [one, other] = [one.gradients().get(name), other.gradients().get(name)];
        let sum = one
            .expect(name)
            .into_iter()
            .zip(other.expect(name))
            .map(|(a, b)| a + b);
        let found = training.gradients().get(name).expect(name);
        let (sum, largest) = (
            sum.collect::<Vec<f32>>(),
            found.iter().fold(1.0, |most: f32, x| most.max(x.abs())),
        );
        let scaled = |numbers: &[f32]| numbers.iter().map(|x| x / largest).collect::<Vec<_>>();
        close(name, &scaled(&found), &scaled(&sum));
    }
}

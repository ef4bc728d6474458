//! Networks whose gradients are summed chunk by chunk, for a batch leaves more than caches hold.
#![forbid(unsafe_code)]

use kiln::{data::Samples, memory, prelude::*, simd};
use std::sync::Mutex;

model! {
    /// Some 200 KiB of values and deltas for each sample, and few weights.
    struct Summed(image: [3, 20, 20]) -> [5] {
        Conv2d(20, kernel = 3, padding = 1, l2 = 0.01),
        Relu,
        Dropout(0.25),
        Conv2d(24, kernel = 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Conv2d(16, kernel = 1, l1 = 0.001),
        AvgPool2d(2),
        Flatten,
        Dense(5),
    }
}

/// A restriction to an instruction set holds for the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

type Image = [[[f32; 20]; 20]; 3];

/// Seven sums, of three chunks but for the last.
const BATCH: usize = 19;

fn image(sample: usize) -> Image {
    let pixel = |at: usize| ((sample * 37 + at * 11) % 23) as f32 / 23.0 - 0.5;
    std::array::from_fn(|channel| {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| pixel(channel * 400 + row * 20 + column))
        })
    })
}

fn batch(samples: usize) -> (Vec<Image>, Vec<usize>) {
    (0..samples).map(|at| (image(at), at % 5)).unzip()
}

fn numbers(net: &Summed) -> Vec<u32> {
    let parameters = net.parameters();
    let names = parameters.names().map(|(name, _)| name);
    let get = |name| parameters.get(name).expect("a parameter of this name");
    names.flat_map(get).map(f32::to_bits).collect()
}

#[test]
fn memory_is_that_of_a_chunk_and_of_the_sums() {
    let (one, many) = (
        memory::training::<Summed>(1),
        memory::training::<Summed>(256),
    );
    let sums = 8 * memory::parameters::<Summed>();
    assert!(
        many <= 4 * one + sums,
        "{one} blocks for one sample, {many} for 256"
    );
    assert!(memory::training::<Summed>(1 << 20) == many);
    assert!(memory::training::<Summed>(usize::MAX) == many);
}

fn trained(threads: usize, clip: Option<f64>) -> Vec<u32> {
    let (inputs, labels) = batch(BATCH + 5);
    let data = Samples::new(inputs, labels).expect("as many labels as inputs");
    let mut net = Summed::new(Seed(3));
    let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
        .epochs(1)
        .batch(BATCH)
        .threads(threads)
        .quiet();
    if let Some(limit) = clip {
        trainer = trainer.clip_norm(limit);
    }
    trainer.fit(&mut net, &data).expect("clean data");
    numbers(&net)
}

#[test]
fn bits_do_not_depend_on_threads() {
    let _guard = ONE_AT_A_TIME.lock();
    for (index, set) in simd::levels().map(simd::set_of).enumerate() {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        let alone = trained(1, None);
        // The best set is also the fastest.
        let threads = if index == 0 { &[2, 3, 8][..] } else { &[3] };
        for &threads in threads {
            assert!(
                trained(threads, None) == alone,
                "{threads} threads on {set:?}"
            );
        }
        if index == 0 {
            // A limit that is never reached: gradients are kept, and then applied.
            assert!(trained(2, Some(1e30)) == alone, "kept on {set:?}");
        }
    }
    simd::restrict(None);
}

/// All gradients of a batch, in memory for `most` samples on so many threads.
fn gradients(samples: &[Image], labels: &[usize], most: usize, threads: usize) -> Vec<f32> {
    let net = Summed::new(Seed(7));
    let mut training = Training::with_threads(&net, most, threads).expect("memory");
    let loss = CrossEntropy;
    training
        .backward(&net, samples, labels, &loss)
        .expect("clean data");
    let gradients = training.gradients();
    let names = gradients.names().map(|(name, _)| name).collect::<Vec<_>>();
    let get = |name: &&str| gradients.get(name).expect("a parameter of this name");
    names.iter().flat_map(get).collect()
}

#[test]
fn a_gradient_is_the_mean_of_those_of_the_samples() {
    let _guard = ONE_AT_A_TIME.lock();
    let (inputs, labels) = batch(BATCH);
    let whole = gradients(&inputs, &labels, BATCH, 1);
    let mut mean = vec![0.0; whole.len()];
    // Dropout counts samples: each stands at its place in a batch that has no others but those before it.
    let before = (1..=BATCH).map(|count| gradients(&inputs[..count], &labels[..count], 64, 2));
    let sums = before
        .enumerate()
        .map(|(at, mean)| {
            let sum = |x: f32| f64::from(x) * (at + 1) as f64;
            mean.into_iter().map(sum).collect::<Vec<_>>()
        })
        .collect::<Vec<_>>();
    // Penalties are in every mean once.
    for (at, sum) in sums.iter().enumerate() {
        let earlier = at.checked_sub(1).map(|at| &sums[at]);
        for (index, (mean, sum)) in mean.iter_mut().zip(sum).enumerate() {
            let one = sum - earlier.map_or(0.0, |earlier| earlier[index]);
            *mean += one / BATCH as f64;
        }
    }
    let largest = whole.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (found, wanted) in whole.iter().zip(mean) {
        let error = (f64::from(*found) - wanted).abs();
        assert!(error < 1e-4 * f64::from(largest), "{found} for {wanted}");
    }
}

#[test]
fn a_gradient_does_not_depend_on_the_room_there_is() {
    let _guard = ONE_AT_A_TIME.lock();
    let (inputs, labels) = batch(5);
    let bits = |most, threads| {
        let gradients = gradients(&inputs, &labels, most, threads);
        gradients.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let few = bits(5, 1);
    for (most, threads) in [(6, 1), (64, 1), (64, 2), (1000, 3)] {
        assert!(
            bits(most, threads) == few,
            "{most} samples, {threads} threads"
        );
    }
}

/// A sample that counts twice is there twice, and one that counts nothing is not there, however chunks are summed.
#[test]
fn samples_that_count_differently_are_summed() {
    let _guard = ONE_AT_A_TIME.lock();
    model! {
        /// As [`Summed`], without dropout and penalties.
        struct Plain(image: [3, 20, 20]) -> [5] {
            Conv2d(20, kernel = 3, padding = 1),
            Relu,
            Conv2d(24, kernel = 3, padding = 1),
            Relu,
            MaxPool2d(2),
            Conv2d(16, kernel = 1),
            AvgPool2d(2),
            Flatten,
            Dense(5),
        }
    }
    let (inputs, labels) = batch(BATCH);
    let net = Plain::new(Seed(7));
    let gradients = |inputs: &[Image], labels: &[usize], threads, weighs: bool| {
        let mut training = Training::with_threads(&net, 32, threads).expect("memory");
        let loss = match weighs {
            true => training.backward(
                &net,
                inputs,
                labels,
                &CrossEntropy
                    .weight([1.0, 2.0, 1.0, 1.0, 1.0])
                    .ignore_index(3),
            ),
            false => training.backward(&net, inputs, labels, &CrossEntropy),
        };
        let gradients = training.gradients();
        let names = gradients.names().map(|(name, _)| name).collect::<Vec<_>>();
        let get = |name: &&str| gradients.get(name).expect("a parameter of this name");
        let numbers = names.iter().flat_map(get).collect::<Vec<f32>>();
        (loss.expect("clean data"), numbers)
    };
    let times = |label: &usize| [1, 2, 1, 0, 1][*label];
    let pairs = inputs.iter().zip(&labels);
    let (some, their_labels): (Vec<_>, Vec<_>) = pairs
        .flat_map(|(input, label)| std::iter::repeat_n((*input, *label), times(label)))
        .unzip();
    let (loss, slopes) = gradients(&some, &their_labels, 1, false);
    let found = gradients(&inputs, &labels, 1, true);
    assert!((found.0 - loss).abs() < 1e-6, "{} for {loss}", found.0);
    let largest = slopes.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (found, wanted) in found.1.iter().zip(&slopes) {
        assert!(
            (found - wanted).abs() < 1e-5 * largest,
            "{found} for {wanted}"
        );
    }
    assert!(gradients(&inputs, &labels, 3, true) == found);
}

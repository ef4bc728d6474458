//! Gradients of each sample for itself: PyTorch's `vmap(grad(loss))`, batches of one, and what the mean of them is.
#![forbid(unsafe_code)]

#[path = "layers/gain.rs"]
mod gain;

use gain::Gain;
use kiln::{Error, Loss, SampleGradient, WholeBatch, flat::Floats, prelude::*};
use safetensors::SafeTensors;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

model! {
    struct Dense3(x: [7]) -> [3] { Dense(20), Relu, Dense(3) }

    struct Line(x: [1]) -> [1] { Dense(1) }

    struct Conv(image: [2, 6, 6]) -> [3] {
        Conv2d(5, 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Conv2d(3, 2),
        Flatten,
        Dense(3),
    }

    struct Recurrent(x: [4, 5]) -> [3] { lstm: Lstm(6, layers = 2), Last, out: Dense(3) }

    struct Shared(x: [4]) -> [3] {
        embed: Dense(4),
        out: Dense(3),
        forward { out(tanh(embed(tanh(embed(x))))) }
    }

    /// Masks, a layer of one's own, a frozen one, penalties.
    struct Mixed(x: [8]) -> [3] {
        hidden: Dense(32, l2 = 0.1),
        Dropout(0.5),
        gain: Gain(weight: [32] = 1.5) -> [32],
        still: Dense(8, frozen = true),
        Tanh,
        Dropout(0.25),
        Dense(3, l1 = 0.01),
    }

    /// Chunks whose gradients are summed.
    struct Summed(image: [3, 32, 32]) -> [3] {
        Conv2d(16, 3, padding = 1),
        Relu,
        Conv2d(16, 3, padding = 1),
        Relu,
        Dropout(0.3),
        GlobalAvgPool,
        Dense(3),
    }

    /// Several updates in a step, since what they read is more than a cache keeps.
    struct Wide(x: [8]) -> [3] {
        Dense(12_000),
        Relu,
        Dense(16),
        Tanh,
        Dropout(0.5),
        Dense(12_000),
        Relu,
        Dense(3),
    }

    struct Normalised(x: [4]) -> [3] { Dense(4), BatchNorm, Dense(3) }

    struct Tagger(x: [5, 2]) -> [5, 3] { Lstm(4), Dense(3) }
}

/// Samples of a test.
const ROWS: usize = 6;

/// Numbers that differ.
fn inputs<I: Floats>() -> Vec<I> {
    let mut inputs: Vec<I> = kiln::zeroed_vec(ROWS).unwrap();
    let numbers = kiln::flat::all_numbers_mut(&mut inputs);
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = (index as f32 * 0.7).sin();
    }
    inputs
}

fn labels() -> Vec<usize> {
    (0..ROWS).map(|row| row % 3).collect()
}

/// The gradients of all parameters, one after another.
fn flat<N: Model>(gradients: &kiln::Parameters<N, &[kiln::Block]>) -> Vec<f32> {
    let names = gradients.names().map(|(name, _)| name);
    names
        .flat_map(|name| gradients.get(name).unwrap())
        .collect()
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let bound = 1e-5 * expected.abs() + 8.0 * f32::EPSILON * most;
        assert!(
            (found - expected).abs() <= bound,
            "{what}, number {index}: {found} instead of {expected}"
        );
    }
}

/// What each sample has of its own, and the mean.
fn each<N, T, L>(net: &N, targets: &[T], loss: &L, threads: usize) -> (Vec<Vec<f32>>, Vec<f32>, f64)
where
    N: Model<Input: Floats>,
    T: Sync,
    L: Loss<N::Output, T>,
{
    let mut training = Training::with_threads(net, ROWS, threads)
        .unwrap()
        .seed(Seed(3));
    let mut all = Vec::new();
    let see = |sample: &mut SampleGradient<'_, N>| {
        assert_eq!(sample.row, all.len());
        all.push(flat(&sample.gradients()));
        Ok(())
    };
    let mean = training
        .each_gradient(net, &inputs(), targets, loss, see)
        .unwrap();
    (all, flat(&training.gradients()), mean)
}

/// Compares with batches of one where there are no masks, with `backward` of all, and on two threads.
fn check<N: Model<Input: Floats, Output = [f32; 3]>>(net: &N, masked: bool, penalised: bool) {
    let (all, mean, loss) = each(net, &labels(), &CrossEntropy, 1);
    let mut training = Training::new(net, ROWS).unwrap().seed(Seed(3));
    let batch = training
        .backward(net, &inputs(), &labels(), &CrossEntropy)
        .unwrap();
    assert!((batch - loss).abs() < 1e-6 * batch, "{}", N::LAYERS.len());
    if !penalised {
        assert_close(&mean, &flat(&training.gradients()), "the mean");
    }
    assert!(mean.iter().any(|gradient| *gradient != 0.0));
    let mut alone = Training::new(net, 1).unwrap();
    for (row, found) in all.iter().enumerate().filter(|_| !masked) {
        let (input, label) = (&inputs()[row..=row], &labels()[row..=row]);
        alone.backward(net, input, label, &CrossEntropy).unwrap();
        assert_close(found, &flat(&alone.gradients()), "a batch of one");
    }
    assert_eq!((all, mean, loss), each(net, &labels(), &CrossEntropy, 2));
}

#[test]
fn each_is_that_of_a_batch_of_one_and_the_mean_that_of_all() {
    check(&Dense3::new(Seed(1)), false, false);
    check(&Conv::new(Seed(1)), false, false);
    check(&Recurrent::new(Seed(1)), false, false);
    check(&Shared::new(Seed(1)), false, false);
    check(&Summed::new(Seed(1)), true, false);
    check(&Wide::new(Seed(1)), true, false);
    check(&Mixed::new(Seed(1)), true, true);
}

#[test]
fn penalties_are_no_samples_own() {
    let net = Mixed::new(Seed(1));
    let (_, mean, _) = each(&net, &labels(), &CrossEntropy, 1);
    let mut training = Training::new(&net, ROWS).unwrap().seed(Seed(3));
    training
        .backward(&net, &inputs(), &labels(), &CrossEntropy)
        .unwrap();
    // The derivatives of 0.1 w^2 and 0.01 |w|.
    let mut expected = Vec::new();
    for (name, _) in training.gradients().names() {
        let gradients = training.gradients().get(name).unwrap();
        let weights = net.parameters().get(name).unwrap();
        expected.extend(gradients.iter().zip(&weights).map(|(g, w)| match name {
            "hidden.weight" => g - 0.2 * w,
            "6.weight" => g - 0.01 * w.signum(),
            _ => *g,
        }));
    }
    assert_close(&mean, &expected, "without penalties");
}

fn golden<N: Model<Input: Floats, Output = [f32; 3]>>(case: &str, mut net: N) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data/each_gradient.safetensors");
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let get = |key: &str| -> Vec<f32> {
        bytemuck::pod_collect_to_vec(file.tensor(&format!("{case}.{key}")).unwrap().data())
    };
    let names: Vec<_> = net.parameters().names().map(|(name, _)| name).collect();
    for name in &names {
        let weights = get(&format!("weights.{name}"));
        net.parameters_mut().set(name, &weights).unwrap();
    }
    let inputs = kiln::flat::rows::<N::Input>(&get("inputs"))
        .unwrap()
        .to_vec();
    let (losses, norms) = (get("losses"), get("norms"));
    let mut training = Training::new(&net, inputs.len()).unwrap();
    let see = |sample: &mut SampleGradient<'_, N>| {
        let row = sample.row;
        assert_close(&[sample.loss as f32], &[losses[row]], case);
        for name in &names {
            let expected = get(&format!("gradients.{name}"));
            let found = sample.gradients().get(name).unwrap();
            let expected = &expected[row * found.len()..][..found.len()];
            assert_close(&found, expected, &format!("{case}, sample {row}, {name}"));
        }
        let norm = sample.clip_norm(0.5)?;
        assert_close(&[norm as f32], &[norms[row]], case);
        Ok(())
    };
    training
        .each_gradient(&net, &inputs, &[2, 0, 1, 2], &CrossEntropy, see)
        .unwrap();
    for name in &names {
        let found = training.gradients().get(name).unwrap();
        let expected = get(&format!("clipped.{name}"));
        assert_close(&found, &expected, &format!("{case}, clipped {name}"));
    }
}

#[test]
fn each_is_that_of_pytorch() {
    golden("dense", Dense3::new(Seed(1)));
    golden("conv", Conv::new(Seed(1)));
    golden("lstm", Recurrent::new(Seed(1)));
    golden("shared", Shared::new(Seed(1)));
}

#[test]
fn a_sample_is_divided_by_its_own_weight_alone() {
    let net = Dense3::new(Seed(1));
    let loss = CrossEntropy.weight([0.5, 2.0, 1.0]);
    let mut training = Training::new(&net, ROWS).unwrap();
    training
        .backward(&net, &inputs(), &labels(), &loss)
        .unwrap();
    let expected = flat(&training.gradients());
    let (all, _, _) = each(&net, &labels(), &loss, 1);
    assert_eq!(all, each(&net, &labels(), &CrossEntropy, 1).0);
    // Their weights bring the weighted mean back, but for the mean weight.
    let mut weights = 0.0;
    let see = |sample: &mut SampleGradient<'_, _>| {
        weights += sample.weight;
        sample.scale(sample.weight)
    };
    training
        .each_gradient(&net, &inputs(), &labels(), &loss, see)
        .unwrap();
    let share = (weights / ROWS as f64) as f32;
    let found: Vec<f32> = flat(&training.gradients())
        .iter()
        .map(|g| g / share)
        .collect();
    assert_close(&found, &expected, "weighted");
}

#[test]
fn a_sequence_is_the_mean_of_its_steps_and_what_is_left_out_has_no_gradient() {
    let net = Tagger::new(Seed(1));
    let mut targets = vec![[0, 1, 2, -100, 1]; ROWS];
    targets[2] = [-100; 5];
    let loss = CrossEntropy.ignore_index(-100);
    let (all, _, _) = each(&net, &targets, &loss, 1);
    assert!(all[2].iter().all(|gradient| *gradient == 0.0));
    let mut alone = Training::new(&net, 1).unwrap();
    alone
        .backward(&net, &inputs()[1..2], &targets[1..2], &loss)
        .unwrap();
    assert_close(&all[1], &flat(&alone.gradients()), "a sequence");
}

#[test]
fn noise_is_normal_and_counted() {
    let net = Wide::new(Seed(1));
    let noisy = |seed| {
        let mut training = Training::new(&net, ROWS).unwrap().seed(Seed(seed));
        training
            .each_gradient(&net, &inputs(), &labels(), &CrossEntropy, |sample| {
                sample.scale(0.0)
            })
            .unwrap();
        assert_eq!(training.gradients().norm(), 0.0);
        training.add_noise(0.25).unwrap();
        flat(&training.gradients())
    };
    let noise = noisy(1);
    let count = noise.len() as f64;
    let moment = |power| {
        noise
            .iter()
            .map(|x| (f64::from(*x) / 0.25).powi(power))
            .sum::<f64>()
            / count
    };
    // Half a million numbers: five deviations of each moment.
    assert!(count > 5e5);
    for (power, expected, deviation) in
        [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
    {
        let bound = 5.0 * f64::sqrt(deviation / count);
        assert!(
            (moment(power) - expected).abs() < bound,
            "moment {power}: {}",
            moment(power)
        );
    }
    assert_eq!(noise, noisy(1));
    assert_ne!(noise, noisy(2));
    // Padding stays zero: another step begins with weights as they should be.
    let mut training = Training::new(&net, ROWS).unwrap();
    training.add_noise(1.0).unwrap();
    let gradients = training.gradients();
    let all = gradients.blocks().iter().flat_map(|block| block.0);
    let nonzero = all.filter(|number| *number != 0.0).count();
    assert!(nonzero <= noise.len());
}

#[test]
fn the_second_call_allocates_nothing() {
    let net = Mixed::new(Seed(1));
    let mut training = Training::new(&net, ROWS).unwrap();
    let (inputs, labels) = (inputs(), labels());
    let mut step = || {
        let see = |sample: &mut SampleGradient<'_, _>| sample.clip_norm(0.1).map(drop);
        training
            .each_gradient(&net, &inputs, &labels, &CrossEntropy, see)
            .unwrap();
    };
    step();
    assert_eq!(allocation_counter::measure(step).count_total, 0);
}

#[test]
fn inner_products_are_those_of_the_numbers() -> kiln::Result<()> {
    let net = Conv::new(Seed(1));
    let (all, mean, _) = each(&net, &labels(), &CrossEntropy, 1);
    let mut training = Training::new(&net, ROWS)?;
    training.backward(&net, &inputs(), &labels(), &CrossEntropy)?;
    let mut alone = Training::new(&net, 1)?;
    alone.backward(&net, &inputs()[..1], &labels()[..1], &CrossEntropy)?;
    let expected: f64 = all[0]
        .iter()
        .zip(&mean)
        .map(|(a, b)| f64::from(a * b))
        .sum();
    let found = alone.gradients().dot(&training.gradients())?;
    assert!(
        (found - expected).abs() < 1e-5 * expected.abs(),
        "{found} {expected}"
    );
    let norm = training.gradients().norm();
    assert!(
        (training.gradients().dot(&training.gradients())? - norm * norm).abs() < 1e-9 * norm * norm
    );
    Ok(())
}

#[test]
fn what_cannot_be_is_an_error() {
    let net = Normalised::new(Seed(1));
    let mut training = Training::new(&net, ROWS).unwrap();
    let result = training.each_gradient(&net, &inputs(), &labels(), &CrossEntropy, |_| Ok(()));
    let message = result.unwrap_err().to_string();
    assert!(
        message.contains("samples meet") && message.contains("BatchNorm"),
        "{message}"
    );

    let net = Dense3::new(Seed(1));
    let mut training = Training::new(&net, ROWS).unwrap();
    training
        .backward(&net, &inputs(), &labels(), &CrossEntropy)
        .unwrap();
    let before = flat(&training.gradients());
    let all = |_: &mut SampleGradient<'_, Dense3>| Ok(());
    let whole = WholeBatch::from_fn(|_: &[[f32; 3]], _: &[usize], _: &mut [[f32; 3]]| Ok(1.0));
    let error = training.each_gradient(&net, &inputs(), &labels(), &whole, all);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("the whole batch"), "{message}");
    // Refused before a sample was shown: the gradients are as they were.
    let mut targets = labels();
    targets[4] = 3;
    let error = training.each_gradient(&net, &inputs(), &targets, &CrossEntropy, all);
    assert!(matches!(error, Err(Error::LabelOutOfRange { row: 4, .. })));
    let error = training.each_gradient(&net, &inputs()[..2], &labels(), &CrossEntropy, all);
    assert!(matches!(error, Err(Error::Counts { .. })));
    let error = training.each_gradient(&net, &[], &labels()[..0], &CrossEntropy, all);
    assert!(matches!(error, Err(Error::EmptyDataset)));
    let long = [inputs(), inputs()].concat();
    let error = training.each_gradient(
        &net,
        &long,
        &[labels(), labels()].concat(),
        &CrossEntropy,
        all,
    );
    assert!(matches!(error, Err(Error::Batch { .. })));
    let mut first = inputs::<[f32; 7]>();
    first[0][3] = f32::NAN;
    let error = training.each_gradient(&net, &first, &labels(), &CrossEntropy, all);
    assert!(matches!(
        error,
        Err(Error::NanInput {
            row: 0,
            index: 3,
            ..
        })
    ));
    assert_eq!(flat(&training.gradients()), before);
    // And later: they are zero.
    first.swap(0, 2);
    let error = training.each_gradient(&net, &first, &labels(), &CrossEntropy, all);
    assert!(matches!(
        error,
        Err(Error::NanInput {
            row: 2,
            index: 3,
            ..
        })
    ));
    assert_eq!(training.gradients().norm(), 0.0);
    for (limit, factor) in [(0.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        let see = |sample: &mut SampleGradient<'_, _>| {
            sample.clip_norm(limit)?;
            sample.scale(factor)
        };
        let error = training.each_gradient(&net, &inputs(), &labels(), &CrossEntropy, see);
        assert!(matches!(error, Err(Error::Setting { .. })));
    }
    assert!(training.add_noise(-1.0).is_err() && training.add_noise(f64::NAN).is_err());
}

#[test]
fn a_sample_of_any_gradients_is_left_out() -> kiln::Result<()> {
    let net = Dense3::new(Seed(1));
    let mut training = Training::new(&net, ROWS)?;
    let all = CrossEntropy;
    training.each_gradient(&net, &inputs(), &labels(), &all, |sample| {
        if sample.row == 1 {
            sample
                .gradients_mut()
                .set("2.bias", &[f32::INFINITY, f32::NEG_INFINITY, 1.0])?;
            sample.scale(0.0)?;
        }
        Ok(())
    })?;
    assert!(flat(&training.gradients()).iter().all(|g| g.is_finite()));
    Ok(())
}

/// Nothing joins what a panic left half done.
#[test]
fn a_panic_leaves_no_batch_to_add_to() -> kiln::Result<()> {
    let net = Dense3::new(Seed(1));
    let batch = (inputs::<[f32; 7]>(), labels());
    let fresh = {
        let mut training = Training::new(&net, ROWS)?;
        training.backward(&net, &batch.0, &batch.1, &CrossEntropy)?;
        flat(&training.gradients())
    };
    let whole = WholeBatch::from_fn(
        |_: &[[f32; 3]], _: &[usize], _: &mut [[f32; 3]]| -> kiln::Result<f64> { panic!("judge") },
    );
    for sees in [true, false] {
        let mut training = Training::new(&net, ROWS)?;
        training.backward(&net, &batch.0, &batch.1, &CrossEntropy)?;
        let panics = AssertUnwindSafe(|| match sees {
            true => training.each_gradient(&net, &batch.0, &batch.1, &CrossEntropy, |sample| {
                assert!(sample.row < 2, "see");
                Ok(())
            }),
            false => training.accumulate(&net, &batch.0, &batch.1, &whole),
        });
        assert!(catch_unwind(panics).is_err());
        training.accumulate(&net, &batch.0, &batch.1, &CrossEntropy)?;
        assert_eq!(flat(&training.gradients()), fresh, "{sees}");
    }
    Ok(())
}

/// The sum of many samples is as exact as that of a batch.
#[test]
fn many_samples_are_added_up_in_chains() -> kiln::Result<()> {
    let inputs: Vec<_> = (0..50_000).map(|i| [1.0 + (i % 7) as f32 * 0.1]).collect();
    let targets: Vec<_> = inputs.iter().map(|[x]| [3.0 * x + 1.0]).collect();
    let net = Line::new(Seed(1));
    let [weight, bias] = ["0.weight", "0.bias"].map(|name| {
        let found = net.parameters().get(name).expect(name);
        f64::from(found[0])
    });
    let mut expected = [0.0; 2];
    for ([x], [y]) in inputs.iter().zip(&targets) {
        let (x, y) = (f64::from(*x), f64::from(*y));
        let delta = 2.0 * (weight * x + bias - y) / inputs.len() as f64;
        expected = [expected[0] + delta * x, expected[1] + delta];
    }
    let mut training = Training::new(&net, inputs.len())?;
    // The second time in memory that was used.
    for _ in 0..2 {
        training.each_gradient(&net, &inputs, &targets, &Mse, |_| Ok(()))?;
        for (found, expected) in flat(&training.gradients()).into_iter().zip(expected) {
            let error = (f64::from(found) - expected).abs();
            assert!(error < 2e-5 * expected.abs(), "{found}, {expected}");
        }
    }
    Ok(())
}

//! BatchNorm through the whole interface: statistics in training, in files and on threads.
#![forbid(unsafe_code)]

use kiln::{
    Adam, CrossEntropy, Descent, Error, Model, Mse, Seed, Sgd, Trainer, Training, data::Samples,
    simd,
};
use std::sync::Mutex;

/// Held by tests that restrict the instruction set, which holds for the whole process, and by those that compare numbers
/// in which a change of sets would show.
static TURN: Mutex<()> = Mutex::new(());

kiln::model! {
    struct Conv(image: [1, 9, 9]) -> [4] {
        conv1: Conv2d(18, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        Relu,
        conv2: Conv2d(5, 3, stride = 2),
        bn2: BatchNorm(momentum = 0.25),
        Relu,
        Flatten,
        fc: Dense(4),
    }

    struct Features(x: [6]) -> [3] {
        hidden: Dense(20, bias = false, l2 = 0.01),
        bn: BatchNorm,
        Tanh,
        out: Dense(3),
    }

    struct Shared(x: [6]) -> [6] {
        bn: BatchNorm(momentum = 0.25),
        project: Dense(6),
        forward { bn(project(bn(x))) }
    }
}

/// Numbers of no order from -1 to 1.
fn numbers(count: usize) -> Vec<f32> {
    let number = |i: usize| {
        let hash = (i as u32 + 1).wrapping_mul(0x9e37_79b9);
        let hash = (hash ^ hash >> 15).wrapping_mul(0x85eb_ca6b);
        (hash >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(number).collect()
}

fn images(count: usize) -> Samples<[[[f32; 9]; 9]; 1], usize> {
    let images = kiln::flat::rows(&numbers(count * 81))
        .expect("whole images")
        .to_vec();
    let classes: Vec<usize> = (0..count).map(|index| index * 7 % 4).collect();
    Samples::new(images, classes).expect("as many")
}

fn bits<M: Model>(net: &M) -> Vec<u32> {
    let parameters = net.parameters();
    let numbers = parameters.blocks().iter().flat_map(|block| block.0);
    numbers.map(f32::to_bits).collect()
}

#[test]
fn bits_do_not_depend_on_threads() {
    let _turn = TURN.lock();
    for (index, set) in simd::levels().map(simd::set_of).enumerate() {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        // The best set is also the fastest.
        if index == 0 {
            check_gradients_on_threads(&[2, 3, 64, 129], &[2, 3, 4, 5, 6, 7, 8]);
            check_training_on_threads(100, &[2, 3, 4, 8]);
        } else {
            check_gradients_on_threads(&[3, 33], &[2, 5]);
            check_training_on_threads(40, &[3]);
        }
        println!("any number of threads agrees on {set:?}");
    }
    simd::restrict(None);
}

/// Gradients of one batch have the same bits on any number of threads.
fn check_gradients_on_threads(batches: &[usize], threads: &[usize]) {
    for &samples in batches {
        let data = images(samples);
        let on = |threads| {
            let net = Conv::new(Seed(3));
            let mut training = Training::with_threads(&net, samples, threads).expect("memory");
            let loss = training
                .backward(&net, data.inputs(), data.targets(), &CrossEntropy)
                .expect("finite numbers");
            let gradients = training.gradients();
            let gradients = gradients.blocks().iter().flat_map(|block| block.0);
            (
                loss.to_bits(),
                gradients.map(f32::to_bits).collect::<Vec<_>>(),
            )
        };
        let one = on(1);
        for &threads in threads {
            assert!(on(threads) == one, "{samples} samples on {threads} threads");
        }
    }
}

/// So has a network after two epochs.
fn check_training_on_threads(samples: usize, threads: &[usize]) {
    let data = images(samples);
    let on = |threads, clip: bool| {
        let mut net = Conv::new(Seed(3));
        let trainer = Trainer::new(Adam::default(), CrossEntropy)
            .batch(32)
            .epochs(2)
            .quiet();
        let trainer = trainer.threads(threads);
        let mut trainer = if clip {
            trainer.clip_norm(1e9)
        } else {
            trainer
        };
        trainer.fit(&mut net, &data).expect("finite numbers");
        bits(&net)
    };
    let one = on(1, false);
    for &threads in threads {
        assert!(on(threads, false) == one, "{threads} threads");
    }
    // A limit that is never reached changes nothing.
    assert!(on(2, true) == one);
}

/// A trainer, and a loop by hand.
#[test]
fn every_way_to_train_follows_the_same_statistics() {
    let _turn = TURN.lock();
    let data = images(30);
    let mut fitted = Conv::new(Seed(1));
    let trainer = Trainer::new(Sgd::new(0.1), CrossEntropy).batch(10).quiet();
    trainer
        .shuffle(false)
        .fit(&mut fitted, &data)
        .expect("finite numbers");
    let mut net = Conv::new(Seed(1));
    let mut training = Training::new(&net, 10).expect("memory");
    let mut descent = Descent::new(&net, Sgd::new(0.1)).expect("a rate");
    for (inputs, targets) in data.inputs().chunks(10).zip(data.targets().chunks(10)) {
        training
            .backward(&net, inputs, targets, &CrossEntropy)
            .expect("finite numbers");
        descent
            .apply(&mut net, training.gradients())
            .expect("its own");
    }
    for (name, _) in net.parameters().names() {
        let pairs = net.parameters().get(name).into_iter().flatten();
        let pairs = pairs.zip(fitted.parameters().get(name).into_iter().flatten());
        for (hand, trainer) in pairs {
            assert!(
                (hand - trainer).abs() <= 1e-6 * trainer.abs().max(1.0),
                "{name}: {hand} {trainer}"
            );
        }
    }
    assert_eq!(
        net.parameters().get("bn1.num_batches_tracked"),
        Some(vec![3.0])
    );
}

/// A layer that is called twice follows both calls, one after the other, and counts both.
#[test]
fn a_shared_norm_follows_every_call() {
    let mut net = Shared::new(Seed(5));
    net.parameters_mut()
        .set("bn.running_mean", &[4.0; 6])
        .expect("six");
    net.parameters_mut()
        .set("bn.num_batches_tracked", &[7.0])
        .expect("one");
    // The second call sees what the projection gives: features that are all its bias.
    net.parameters_mut()
        .set("project.weight", &[0.0; 36])
        .expect("as many");
    net.parameters_mut()
        .set("project.bias", &[2.0; 6])
        .expect("six");
    let inputs = [[1.0; 6], [3.0; 6]];
    let mut training = Training::new(&net, 2).expect("memory");
    let mut descent = Descent::new(&net, Sgd::new(0.1)).expect("a rate");
    training
        .backward(&net, &inputs, &inputs, &Mse)
        .expect("finite numbers");
    descent
        .apply(&mut net, training.gradients())
        .expect("its own");
    let of = |name: &str| net.parameters().get(name).expect(name);
    // 4 goes a quarter of the way to 2, and from 3.5 a quarter of the way to 2.
    assert_eq!(of("bn.running_mean"), [3.125; 6]);
    // The first call's variance is 2, the second's 0.
    assert_eq!(of("bn.running_var"), [(0.75 + 0.25 * 2.0) * 0.75; 6]);
    assert_eq!(of("bn.num_batches_tracked"), [9.0]);
}

#[test]
fn statistics_are_no_parameters_that_are_learnt() {
    assert_eq!(Features::PARAMS, 6 * 20 + 2 * 20 + 20 * 3 + 3);
    let net = Features::new(Seed(0));
    let names: Vec<_> = net.parameters().names().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "hidden.weight",
            "bn.weight",
            "bn.bias",
            "out.weight",
            "out.bias",
            "bn.running_mean",
            "bn.running_var",
            "bn.num_batches_tracked"
        ]
    );
    let mut training = Training::new(&net, 4).expect("memory");
    let numbers = numbers(24);
    let inputs: &[[f32; 6]] = kiln::flat::rows(&numbers).expect("four");
    training
        .backward(&net, inputs, &[[0.5; 3]; 4], &Mse)
        .expect("finite numbers");
    let mut gradients = training.gradients_mut();
    assert_eq!(gradients.names().count(), 5);
    assert_eq!(gradients.get("bn.running_mean"), None);
    assert!(matches!(
        gradients.set("bn.running_mean", &[0.0; 20]),
        Err(Error::UnknownParameter { .. })
    ));
    let norm = |net: &Features| net.parameters().norm();
    let (mut other, before) = (net.clone(), norm(&net));
    other
        .parameters_mut()
        .set("bn.running_var", &[1e6; 20])
        .expect("as many");
    assert_eq!(norm(&other), before);
}

#[test]
fn a_sample_alone_teaches_nothing() {
    let mut net = Features::new(Seed(0));
    let mut training = Training::new(&net, 4).expect("memory");
    let error = training
        .backward(&net, &[[0.5; 6]], &[[0.5; 3]], &Mse)
        .expect_err("one sample");
    assert!(
        error
            .to_string()
            .starts_with("`bn (BatchNorm)` learns from how the samples of a batch differ"),
        "{error}"
    );
    let data = Samples::new(vec![[0.5; 6]; 9], vec![[0.5; 3]; 9]).expect("as many");
    for batch in [1, 2, 4, 8] {
        let mut trainer = Trainer::new(Sgd::new(0.1), Mse).batch(batch).quiet();
        let error = trainer.fit(&mut net, &data).expect_err("one is left");
        assert!(matches!(error, Error::Alone { samples: 9, .. }), "{error}");
    }
    for batch in [3, 5, 7, 9, 20] {
        let mut trainer = Trainer::new(Sgd::new(0.1), Mse).batch(batch).quiet();
        trainer.fit(&mut net, &data).expect("no batch of one");
    }
    // An image alone has many pixels.
    let mut net = Conv::new(Seed(0));
    let mut trainer = Trainer::new(Sgd::new(0.1), CrossEntropy).batch(1).quiet();
    trainer.fit(&mut net, &images(3)).expect("pixels differ");
}

#[test]
fn a_step_that_fails_leaves_the_statistics() {
    let mut net = Features::new(Seed(0));
    let before = bits(&net);
    let data = Samples::new(vec![[0.5; 6], [f32::NAN; 6]], vec![[0.5; 3]; 2]).expect("as many");
    let mut trainer = Trainer::new(Sgd::new(0.1), Mse).quiet();
    trainer
        .fit(&mut net, &data)
        .expect_err("an input that is no number");
    assert!(bits(&net) == before);
}

/// Gradients are of no batch before the first that succeeds, and of the last that did after one that fails.
#[test]
fn statistics_follow_batches_that_were_seen() {
    let mut net = Features::new(Seed(0));
    let numbers = numbers(24);
    let (inputs, targets): (&[[f32; 6]], _) =
        (kiln::flat::rows(&numbers).expect("four"), [[0.5; 3]; 4]);
    let mut training = Training::new(&net, 4).expect("memory");
    let mut descent = Descent::new(&net, Sgd::new(0.1)).expect("a rate");
    let begun = bits(&net);
    let fails = |training: &mut Training<Features>, net: &Features| {
        training
            .backward(net, &[[f32::NAN; 6]; 4], &targets, &Mse)
            .expect_err("an input that is no number");
    };
    descent
        .apply(&mut net, training.gradients())
        .expect("zeros");
    fails(&mut training, &net);
    descent
        .apply(&mut net, training.gradients())
        .expect("zeros");
    assert!(bits(&net) == begun);

    training
        .backward(&net, inputs, &targets, &Mse)
        .expect("finite numbers");
    let mut twice = net.clone();
    for _ in 0..2 {
        descent
            .apply(&mut twice, training.gradients())
            .expect("its own");
    }
    descent
        .apply(&mut net, training.gradients())
        .expect("its own");
    fails(&mut training, &net);
    descent
        .apply(&mut net, training.gradients())
        .expect("its own");
    assert!(bits(&net) == bits(&twice));
    assert_eq!(
        net.parameters().get("bn.num_batches_tracked"),
        Some(vec![2.0])
    );
}

#[test]
fn what_is_no_statistic_is_not_set() {
    let mut net = Features::new(Seed(0));
    let before = bits(&net);
    let mut error = |name: &str, values: &[f32]| {
        let refused = net.parameters_mut().set(name, values);
        refused.expect_err("no statistic").to_string()
    };
    for count in [0.5, -1.0, 281_474_976_710_656.0, f32::INFINITY, f32::NAN] {
        let message = error("bn.num_batches_tracked", &[count]);
        assert_eq!(
            message,
            format!(
                "number 0 given for parameter `bn.num_batches_tracked` (in row-major order) is {count:?}, \
                 but must be a count of batches, a whole number from 0 to 2^48 - 1"
            )
        );
    }
    let mut variances = [1.0; 20];
    variances[3] = -0.25;
    assert_eq!(
        error("bn.running_var", &variances),
        "number 3 given for parameter `bn.running_var` (in row-major order) is -0.25, \
         but must be a variance, 0 or more"
    );
    assert!(bits(&net) == before);
    let mut parameters = net.parameters_mut();
    let largest = 281_474_960_000_000.0;
    for (name, values) in [
        ("bn.num_batches_tracked", &[largest][..]),
        ("bn.num_batches_tracked", &[0.0]),
        ("bn.running_var", &[0.0; 20]),
        ("bn.running_mean", &[-1.0; 20]),
    ] {
        parameters.set(name, values).expect(name);
        assert_eq!(parameters.get(name).as_deref(), Some(values));
    }
}

#[test]
fn files_hold_the_statistics() {
    let mut net = Conv::new(Seed(2));
    Trainer::new(Adam::default(), CrossEntropy)
        .batch(8)
        .quiet()
        .fit(&mut net, &images(24))
        .expect("finite numbers");
    let bytes = net.to_bytes().expect("finite numbers");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a file");
    let count = file.tensor("bn2.num_batches_tracked").expect("a count");
    assert_eq!(
        (count.dtype(), count.shape()),
        (safetensors::Dtype::I64, &[][..])
    );
    assert_eq!(count.data(), 3_i64.to_le_bytes());
    assert!(bits(&Conv::from_bytes(&bytes).expect("its own")) == bits(&net));

    let mut kept = file.tensors();
    kept.retain(|(name, _)| name != "bn1.running_var");
    let bytes = safetensors::serialize(kept, None).expect("a file");
    let error = Conv::from_bytes(&bytes).expect_err("a statistic is missing");
    assert!(
        error.to_string().contains("missing: `bn1.running_var`"),
        "{error}"
    );

    for (statistic, shape, expected) in [
        (
            "bn1.running_mean",
            &[9][..],
            "misshapen: `bn1.running_mean`: expected [18], found [9]",
        ),
        // As many numbers, on other axes.
        (
            "bn1.running_var",
            &[2, 9],
            "misshapen: `bn1.running_var`: expected [18], found [2, 9]",
        ),
        (
            "bn2.num_batches_tracked",
            &[1],
            "misshapen: `bn2.num_batches_tracked`: expected [], found [1]",
        ),
    ] {
        let mut tensors = file.tensors();
        let (_, view) = tensors
            .iter_mut()
            .find(|(name, _)| name == statistic)
            .expect("a statistic");
        let dtype = view.dtype();
        let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        *view = safetensors::tensor::TensorView::new(dtype, shape.to_vec(), &view.data()[..bytes])
            .expect("a tensor");
        let bytes = safetensors::serialize(tensors, None).expect("a file");
        let error = Conv::from_bytes(&bytes).expect_err("a statistic of another shape");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

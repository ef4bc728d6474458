//! Code that is written once for all models: it makes them, trains them, has them answer, and keeps them in files.
#![forbid(unsafe_code)]

use kiln::{
    CrossEntropy, Loss, Model, Optimizer, SmallOutput, data::Samples, evaluate, prelude::*,
};

model! {
    struct Wide(image: [1, 8, 8]) -> [10] { Flatten, Dense(32), Relu, Dense(10) }

    struct Deep(image: [1, 8, 8]) -> [10] {
        Conv2d(4, kernel = 3),
        Relu,
        Flatten,
        Dense(10),
    }
}

/// The mean accuracy on each of `folds` parts of the data after training on the others.
fn cross_validate<M>(data: &Samples<M::Input, usize>, folds: usize) -> kiln::Result<f64>
where
    M: Model<Output = [f32; 10]>,
{
    let mut sum = 0.0;
    for fold in 0..folds {
        let parts = data.iter().enumerate();
        let (test, train): (Vec<_>, Vec<_>) = parts.partition(|(index, _)| index % folds == fold);
        let samples = |part: Vec<(usize, (&M::Input, &usize))>| {
            Samples::from_pairs(part.into_iter().map(|(_, (x, y))| (x.clone(), *y)))
        };
        let mut net = M::try_new(Seed(fold as u64))?;
        let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy)
            .epochs(3)
            .quiet();
        trainer.fit(&mut net, &samples(train)?)?;
        sum += trainer
            .evaluate(&net, &samples(test)?)?
            .accuracy
            .unwrap_or_default();
    }
    Ok(sum / folds as f64)
}

/// A loop by hand.
fn descend<M, T: Sync, L, O>(
    net: &mut M,
    inputs: &[M::Input],
    targets: &[T],
    loss: &L,
    rule: O,
) -> kiln::Result<f64>
where
    M: Model,
    L: Loss<M::Output, T>,
    O: Optimizer,
{
    let mut training = Training::new(net, inputs.len())?;
    let mut descent = Descent::new(net, rule)?;
    let mut last = 0.0;
    for _ in 0..20 {
        last = training.backward(net, inputs, targets, loss)?;
        descent.apply(net, training.gradients())?;
    }
    Ok(last)
}

/// All ways to answer.
fn answers<M: Model + SmallOutput>(net: &M, input: &M::Input) -> kiln::Result<[M::Output; 3]> {
    let mut output = kiln::zeroed()?;
    net.forward_into(input, &mut output);
    let mut outputs = kiln::zeroed_vec(1)?;
    net.forward_batch(std::slice::from_ref(input), &mut outputs)?;
    Ok([net.forward(input), *output, outputs.remove(0)])
}

/// By way of a file and of bytes.
fn copies<M: Model>(net: &M, name: &str) -> kiln::Result<[M; 4]> {
    let path = std::env::temp_dir().join(format!("kiln-generic-{}-{name}", std::process::id()));
    net.save(&path)?;
    let (mut loaded, mut read) = (M::new(Seed(8)), M::new(Seed(9)));
    loaded.load(&path)?;
    M::load(&mut loaded, &path)?;
    read.load_bytes(&net.to_bytes()?)?;
    let copies = [
        loaded,
        read,
        M::open(&path)?,
        M::from_bytes(&net.to_bytes()?)?,
    ];
    let _ = std::fs::remove_file(path);
    Ok(copies)
}

fn works<M: Model<Input = [[[f32; 8]; 8]; 1], Output = [f32; 10]> + SmallOutput>(
    name: &str,
) -> kiln::Result<()> {
    let data = kiln::data::digits()?.0.first(600)?;
    let accuracy = cross_validate::<M>(&data, 2)?;
    assert!(accuracy > 0.7, "{name}: {accuracy}");

    let mut net = M::new(Seed(1));
    let before = evaluate(&net, &data, &CrossEntropy, 1)?.loss;
    let (inputs, targets) = (&data.inputs()[..32], &data.targets()[..32]);
    let loss = descend(&mut net, inputs, targets, &CrossEntropy, Adam::new(0.01))?;
    assert!(loss < before, "{name}: {loss} after {before}");

    let [first, second, third] = answers(&net, &inputs[0])?;
    assert_eq!((first, first), (second, third), "{name}");
    for copy in copies(&net, name)? {
        assert_eq!(
            copy.parameters().blocks(),
            net.parameters().blocks(),
            "{name}"
        );
        assert_eq!(copy.summary(), net.summary(), "{name}");
    }
    let parameters: usize = M::LAYERS.iter().map(|layer| layer.parameters).sum();
    assert_eq!(M::PARAMS, parameters, "{name}");
    assert!(
        M::FLOPS > 0 && M::WORKSPACE_BYTES > 0 && M::TRAIN_BYTES_PER_SAMPLE > 0,
        "{name}"
    );
    Ok(())
}

#[test]
fn code_for_any_model_makes_trains_answers_and_keeps_it() -> kiln::Result<()> {
    works::<Wide>("wide")?;
    works::<Deep>("deep")
}

/// What a struct has of its own needs no trait in scope.
mod without_the_prelude {
    kiln::model! {
        pub struct Plain(x: [3]) -> [2] { Dense(2) }
    }

    #[test]
    fn a_struct_answers_without_a_trait_in_scope() {
        let net = Plain::new(kiln::Seed(1));
        let other = Plain::try_new(kiln::Seed(1)).expect("memory for eight numbers");
        let (mut output, mut outputs) = ([0.0; 2], [[0.0; 2]; 1]);
        net.forward_into(&[1.0; 3], &mut output);
        other
            .forward_batch(&[[1.0; 3]], &mut outputs)
            .expect("one of each");
        assert_eq!((output, output), (net.forward(&[1.0; 3]), outputs[0]));
        assert_eq!(Plain::PARAMS, 8);
        assert_eq!(Plain::LAYERS.len(), 1);
    }
}

/// More weights than an address space of 47 bits holds.
mod beyond_memory {
    kiln::model! {
        pub struct Enormous(x: [2_000_000]) -> [1] {
            Dense(2_000_000), Dense(2_000_000), Dense(2_000_000), Dense(2_000_000), Dense(2_000_000),
            Dense(2_000_000), Dense(2_000_000), Dense(2_000_000), Dense(2_000_000), Dense(1),
        }
    }

    #[test]
    fn a_network_beyond_memory_is_an_error_value() {
        let message = Enormous::try_new(kiln::Seed(1))
            .map_err(|error| error.to_string())
            .err();
        let bytes = (Enormous::PARAMS * 4).to_string();
        assert!(
            message
                .is_some_and(|message| message.contains("memory") && message.contains(&bytes[..3]))
        );
    }

    #[test]
    #[should_panic(expected = "`Enormous::new`: ")]
    fn and_a_panic_that_names_it_for_new() {
        let _ = Enormous::new(kiln::Seed(1));
    }
}

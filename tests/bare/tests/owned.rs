//! What lies in arrays has the bits of what is allocated.
#![forbid(unsafe_code)]

use kiln::{
    Adam, Block, CrossEntropy, Descent, Error, Loss, Model, Mse, Optimizer, Parameters, Result,
    Seed, Sgd, Training,
};
use kiln_bare::{
    BATCH, Both, Curve, EXCHANGE, Echo, Exchange, LAST_LOSSES, Losses, Marks, Pulse, STEPS, alike,
    curve, echo, exchange, learn_curve, learn_marks, learn_pulse, marks, number, pulse, stored,
};

/// Trains as the crate does, with an allocator, on some threads.
fn learn<N: Model, O: Optimizer, T: Sync, L: Loss<N::Output, T>>(
    optimizer: O,
    loss: L,
    (inputs, targets): (&[N::Input], &[T]),
    threads: usize,
) -> Result<(Losses, Vec<N::Output>)> {
    let mut net = N::new(Seed(1));
    let mut training = Training::with_threads(&net, BATCH, threads)?.seed(2);
    let mut descent = Descent::new(&net, optimizer)?;
    let mut losses = [0.0; 2];
    for step in 0..STEPS {
        losses[usize::from(step > 0)] = training.backward(&net, inputs, targets, &loss)?;
        descent.apply(&mut net, training.gradients())?;
    }
    let mut outputs = kiln::zeroed_vec(inputs.len())?;
    net.forward_batch(inputs, &mut outputs)?;
    Ok((losses, outputs))
}

#[test]
fn losses_are_those_of_other_machines() -> Result<()> {
    let losses = [learn_curve()?.0, learn_marks()?.0, learn_pulse()?.0];
    for ([_, loss], expected) in losses.into_iter().zip(LAST_LOSSES) {
        assert!(alike(loss, expected), "{loss} is not {expected}");
    }
    Ok(())
}

#[test]
fn dense_layers_have_the_same_bits() -> Result<()> {
    let (losses, outputs) = learn_curve()?;
    assert!(losses[1] < losses[0] / 3.0, "{losses:?}");
    let (inputs, targets) = curve();
    for threads in [1, 2] {
        let owned = learn::<Curve, _, _, _>(Sgd::new(0.2), Mse, (&inputs, &targets), threads)?;
        assert_eq!(owned, (losses, outputs.to_vec()));
    }
    Ok(())
}

#[test]
fn convolutions_have_the_same_bits() -> Result<()> {
    let (losses, outputs) = learn_marks()?;
    assert!(losses[1] < losses[0] / 3.0, "{losses:?}");
    let (inputs, targets) = marks();
    let owned = learn::<Marks, _, _, _>(Adam::new(0.02), CrossEntropy, (&inputs, &targets), 1)?;
    assert_eq!(owned, (losses, outputs.to_vec()));
    Ok(())
}

#[test]
fn recurrences_have_the_same_bits() -> Result<()> {
    let (losses, outputs) = learn_pulse()?;
    assert!(losses[1] < losses[0] / 3.0, "{losses:?}");
    let (inputs, targets) = pulse();
    let owned = learn::<Pulse, _, _, _>(Adam::new(0.02), Both, (&inputs, &targets), 1)?;
    assert_eq!(owned, (losses, outputs.to_vec()));
    Ok(())
}

#[test]
fn a_static_answers_as_it_lies() -> Result<()> {
    let x = [3.0, 5.0];
    let (answer, weight) = exchange(&x)?;
    assert_eq!((answer, weight), ([11.0, 0.5], [0.0, 2.0, 0.5, 0.0]));
    let mut owned = Exchange::new(Seed(1));
    owned.parameters_mut().set("fc.weight", &weight)?;
    owned.parameters_mut().set("fc.bias", &[1.0, -1.0])?;
    assert_eq!(owned.parameters().blocks(), EXCHANGE);
    assert_eq!(owned.forward(&x), answer);
    let few = Parameters::<Exchange, &[Block]>::new(&EXCHANGE[1..]);
    assert!(matches!(few, Err(Error::Lent { .. })));
    Ok(())
}

#[test]
fn streams_have_the_bits_of_whole_sequences() -> Result<()> {
    let net = Echo::new(Seed(1));
    let frames = std::array::from_fn(|t| [number(2 * t), number(2 * t + 1)]);
    let mut answers = [[0.0]; 40];
    echo(net.parameters().blocks(), &frames, &mut answers)?;
    assert_eq!(answers, net.forward(&frames));
    let too_few = echo(&[], &frames, &mut answers);
    assert!(matches!(too_few, Err(Error::Lent { .. })));
    Ok(())
}

#[test]
fn weights_of_the_program_answer() -> Result<()> {
    let (by_value, in_place, bias) = stored(&[1.0, -1.0])?;
    // Weights are (i - 20) / 8 for i from 0 on, row by row, and then the biases.
    let expected = core::array::from_fn(|i| f32::max(0.0, -0.125 + (36.0 + i as f32 - 20.0) / 8.0));
    assert_eq!((by_value, in_place, bias), (expected, expected, 2.0));
    Ok(())
}

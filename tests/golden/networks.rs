//! The example networks at full size, without dropout.

use bytemuck::Pod;
use kiln::{CrossEntropy, Loss, Model, Seed, Training, predict};

use crate::{
    assert_close,
    file::{Golden, INPUT_STREAM, fill_parameters, numbers, thinned},
    on_every_instruction_set,
};

kiln::model! {
    struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        logits: Dense(10),
    }

    struct MnistCnn(image: [1, 28, 28]) -> [10] {
        conv1: Conv2d(32, kernel = 3),
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(64, kernel = 3),
        Relu,
        MaxPool2d(2),
        Flatten,
        logits: Dense(10),
    }

    struct RowLstm(rows: [28, 28]) -> [10] {
        lstm: Lstm(128, layers = 2),
        Last,
        fc: Dense(10),
    }
}

#[test]
fn mnist() {
    check(Mnist::new(Seed(0)), "mnist");
}

#[test]
fn mnist_cnn() {
    check(MnistCnn::new(Seed(0)), "mnist_cnn");
}

#[test]
fn row_lstm() {
    check(RowLstm::new(Seed(0)), "row_lstm");
}

/// Outputs, loss and gradients of one small batch.
fn check<N>(mut net: N, name: &str)
where
    N: Model<Input: Pod, Output: Pod>,
    CrossEntropy: Loss<N::Output, usize>,
{
    let golden = Golden::open(name);
    fill_parameters(&mut net);
    let targets = golden.classes("targets");
    let count = targets.len() * size_of::<N::Input>() / size_of::<f32>();
    let inputs: Vec<N::Input> = bytemuck::pod_collect_to_vec(&numbers(INPUT_STREAM, count));

    on_every_instruction_set(name, |set| {
        let here = |what: &str| format!("{name}: {what} on {set:?}");
        let outputs = predict(&net, &inputs, 1).expect("one thread");
        assert_close(
            bytemuck::cast_slice(&outputs),
            &golden.get::<f32>("outputs"),
            &here("outputs"),
        );
        let mut training = Training::new(&net, inputs.len()).expect("a batch");
        let loss = training
            .backward(&net, &inputs, &targets, &CrossEntropy)
            .expect("finite numbers");
        assert_close(&[loss as f32], &[golden.number("loss")], &here("loss"));
        for (name, _) in net.parameters().names() {
            let found = training.gradients().get(name).expect(name);
            assert_close(
                &thinned(&found),
                &golden.get::<f32>(&format!("gradients.{name}")),
                &here(name),
            );
        }
    });
}

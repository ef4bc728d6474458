//! The example networks at full size, without dropout.

#[allow(dead_code, reason = "the digits' network is trained by the example")]
#[path = "../../examples/mobilenet/network.rs"]
mod mobile;

use bytemuck::Pod;
use kiln::{CrossEntropy, Loss, Model, Seed, Training, predict};

use self::mobile::MobileNetV2;
use crate::{
    assert_close,
    file::Golden,
    formula::{INPUT_STREAM, fill_parameters, numbers, thinned},
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

kiln::model! {
    block Basic<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        forward { relu(bn2(conv2(relu(bn1(conv1(x))))) + x) }
    }

    block Down<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, stride = 2, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        downsample: { Conv2d(CHANNELS, 1, stride = 2, bias = false), BatchNorm },
        forward { relu(bn2(conv2(relu(bn1(conv1(x))))) + downsample(x)) }
    }

    /// torchvision's `resnet18`.
    struct ResNet18(image: [3, 64, 64]) -> [1000] {
        conv1: Conv2d(64, 7, stride = 2, padding = 3, bias = false),
        bn1: BatchNorm,
        Relu,
        MaxPool2d(3, stride = 2, padding = 1),
        layer1: [Basic<64>; 2],
        layer2: { Down<128>, Basic<128> },
        layer3: { Down<256>, Basic<256> },
        layer4: { Down<512>, Basic<512> },
        GlobalAvgPool,
        fc: Dense(1000),
    }
}

#[test]
fn resnet18() {
    check_names::<ResNet18, 3, 64>("resnet18");
}

#[test]
fn mobilenet() {
    check_names::<MobileNetV2, 3, 96>("mobilenet");
}

/// Outputs for one image by the formula's weights, under all the names that PyTorch has.
fn check_names<N, const CHANNELS: usize, const SIDE: usize>(name: &str)
where
    N: Model<Input = [[[f32; SIDE]; SIDE]; CHANNELS], Output = [f32; 1000]>,
{
    let golden = Golden::open(name);
    let mut net = N::new(Seed(0));
    fill_parameters(&mut net);
    let names = String::from_utf8(golden.get("names")).expect("text");
    let ours: Vec<&str> = net.parameters().names().map(|(name, _)| name).collect();
    assert_eq!(names.lines().count(), ours.len());
    for name in names.lines() {
        assert!(ours.contains(&name), "{name}");
    }
    let numbers = numbers(INPUT_STREAM, CHANNELS * SIDE * SIDE);
    let inputs: &[N::Input] = kiln::flat::rows(&numbers).expect("one image");
    let expected: Vec<f32> = golden.get("outputs");
    on_every_instruction_set(name, |set| {
        let outputs = predict(&net, inputs, 1).expect("one thread");
        let outputs = outputs.as_flattened();
        let largest = expected
            .iter()
            .fold(0.0_f32, |largest, y| largest.max(y.abs()));
        for (found, expected) in outputs.iter().zip(&expected) {
            let apart = (found - expected).abs();
            assert!(
                apart <= 1e-4 * largest,
                "{found} is not {expected} on {set:?}"
            );
        }
    });
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

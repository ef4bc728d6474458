//! Networks that PyTorch and Keras trained (`train.py`): loaded while a program runs and while it is compiled, they give
//! the same answers.
#![forbid(unsafe_code)]

use kiln::{Pretrained, SmallOutput, prelude::*};
use std::{env, fs, path::PathBuf};

type Image = [[[f32; 8]; 8]; 1];

model! {
    #[kiln(weights = "tests/pytorch/data/quickstart.safetensors")]
    struct Quickstart(image: [1, 8, 8]) -> [10] { Flatten, Dense(128), Relu, Dropout(0.2), Dense(10) }

    #[kiln(weights = "tests/pytorch/data/convnet.safetensors")]
    struct Convnet(image: [1, 8, 8]) -> [10] {
        Conv2d(16, 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Conv2d(32, 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Flatten,
        Dropout(0.5),
        Dense(10),
    }

    #[kiln(weights = "tests/pytorch/data/lstm.safetensors")]
    struct LstmModel(image: [1, 8, 8]) -> [10] {
        lstm: Lstm(32, layers = 2),
        fc: Dense(10),
        forward { fc(last(lstm(reshape(image, 8, 8)))) }
    }

    #[kiln(weights = "tests/pytorch/data/gru.safetensors")]
    struct GruModel(image: [1, 8, 8]) -> [10] {
        gru: Gru(24, bidirectional = true),
        fc: Dense(10),
        forward {
            let (_, state) = gru(reshape(image, 8, 8));
            fc(flatten(state))
        }
    }

    block Residual<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        forward {
            let h = relu(bn1(conv1(x)));
            relu(bn2(conv2(h)) + x)
        }
    }

    #[kiln(weights = "tests/pytorch/data/resnet.safetensors")]
    struct ResNet(image: [1, 8, 8]) -> [10] {
        stem: { Conv2d(16, 3, padding = 1, bias = false), BatchNorm, Relu },
        stage: [Residual<16>; 2],
        GlobalAvgPool,
        fc: Dense(10),
    }

    #[kiln(weights = "tests/pytorch/data/keras_quickstart.safetensors")]
    struct KerasQuickstart(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }

    #[kiln(weights = "tests/pytorch/data/keras_convnet.safetensors")]
    struct KerasConvnet(image: [1, 8, 8]) -> [10] {
        conv: Conv2d(12, 3),
        norm: BatchNorm(eps = 1e-3),
        Relu,
        MaxPool2d(2),
        depthwise: Conv2d(12, 2, groups = 12),
        Flatten,
        fc: Dense(10),
    }

    #[kiln(weights = "tests/pytorch/data/keras_rows.safetensors")]
    struct KerasRows(image: [1, 8, 8]) -> [10] {
        gru: Gru(12, bidirectional = true),
        lstm: Lstm(16),
        fc: Dense(10),
        forward { fc(last(lstm(gru(reshape(image, 8, 8))))) }
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pytorch/data")
        .join(name)
}

/// Ten images, and what was answered there.
fn answers(name: &str) -> (Vec<Image>, Vec<[f32; 10]>) {
    let bytes = fs::read(file(&format!("{name}.answers.safetensors"))).expect("a file of the tree");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("train.py wrote it");
    let numbers = |name| {
        let data = tensors
            .tensor(name)
            .expect("train.py wrote it")
            .data()
            .to_vec();
        let numbers = data
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes));
        numbers.collect::<Vec<_>>()
    };
    let (inputs, outputs) = (numbers("inputs"), numbers("outputs"));
    let inputs = kiln::flat::rows(&inputs).expect("images of 64 pixels");
    (inputs.to_vec(), outputs.as_chunks().0.to_vec())
}

/// Compares a network's answers with those of where it was trained; with `KILN_SAVE=FOLDER` it is saved there, for
/// `train.py` to load.
fn check<M>(name: &str)
where
    M: Model<Input = Image, Output = [f32; 10]> + Pretrained + SmallOutput,
{
    let (inputs, outputs) = answers(name);
    assert_eq!((inputs.len(), outputs.len()), (10, 10));
    let loaded = M::open(file(&format!("{name}.safetensors"))).expect("the tensors of the network");
    let compiled = M::pretrained();
    for (input, expected) in inputs.iter().zip(&outputs) {
        let found = loaded.forward(input);
        assert_eq!(found, compiled.forward(input), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-5, "{name}: {found} {expected}");
        }
    }
    if let Some(folder) = env::var_os("KILN_SAVE") {
        let path = PathBuf::from(folder).join(format!("{name}.safetensors"));
        compiled.save(path).expect("a folder");
    }
}

#[test]
fn quickstart() {
    check::<Quickstart>("quickstart");
}

#[test]
fn convnet() {
    check::<Convnet>("convnet");
}

#[test]
fn lstm_model() {
    check::<LstmModel>("lstm");
}

#[test]
fn gru_model() {
    check::<GruModel>("gru");
}

#[test]
fn resnet() {
    check::<ResNet>("resnet");
}

#[test]
fn keras_quickstart() {
    check::<KerasQuickstart>("keras_quickstart");
}

#[test]
fn keras_convnet() {
    check::<KerasConvnet>("keras_convnet");
}

#[test]
fn keras_rows() {
    check::<KerasRows>("keras_rows");
}

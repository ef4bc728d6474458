//! What can be written in two ways is the same network: layers without weights as functions, ranges with open ends, names
//! in files that are stated, and names that are words of Rust's own.

use crate::on_every_instruction_set;
use kiln::{Model, Mse, Seed, Sgd, Trainer, data::Samples, model};

model! {
    struct AsLayers(image: [2, 8, 8]) -> [6] {
        conv: Conv2d(4, 3, padding = 1),
        relu: Relu,
        pool: MaxPool2d(2),
        again: MaxPool2d(3, stride = 1, padding = 1),
        steps: Reshape(16, 4),
        tail: Slice(2..16),
        head: Slice(0..3, axis = 1),
        lstm: Lstm(5),
        last: Last,
        tanh: Tanh,
        sigmoid: Sigmoid,
        drop: Dropout(0.25),
        join: Concat,
        flat: Flatten,
        fc: Dense(6),
        soft: Softmax,
        log: LogSoftmax,
        add: Add,
        sub: Sub,
        mul: Mul,
        forward {
            let x = again(pool(relu(conv(image))));
            let h = last(lstm(head(tail(steps(x)))));
            let y = fc(drop(flat(join(tanh(h), sigmoid(h)))));
            sub(add(soft(y), mul(y, y)), log(y))
        }
    }

    struct AsFunctions(image: [2, 8, 8]) -> [6] {
        conv: Conv2d(4, 3, padding = 1),
        lstm: Lstm(5),
        fc: Dense(6),
        forward {
            let x = max_pool2d(max_pool2d(relu(conv(image)), 2), 3, stride = 1, padding = 1);
            let h = last(lstm(reshape(x, [16, 4])[(2.., ..3)]));
            let y = fc(dropout(flatten(concat(tanh(h), sigmoid(h))), 0.25));
            softmax(y) + y * y - log_softmax(y)
        }
    }

    struct Named(r#type: [4]) -> [2] {
        r#fn: Dense(3),
        stated: Dense(2, name = "features.0"),
        forward { stated(r#fn(r#type)[..2]) }
    }

    struct Numbered(x: [4]) -> [2] {
        Dense(3, name = "block/a.1"),
        Relu,
        Dense(2),
    }
}

/// Trains a network on some samples and asks it.
macro_rules! trained {
    ($net:expr) => {{
        let mut net = $net;
        let pairs = (0..12).map(|index| (image(index), [index as f32 / 12.0; 6]));
        let samples = Samples::from_pairs(pairs).expect("there are samples");
        let mut trainer = Trainer::new(Sgd::new(0.05), Mse).epochs(2).batch(4).quiet();
        trainer.fit(&mut net, &samples).expect("training succeeds");
        net.forward(&image(40))
    }};
}

fn image(index: usize) -> [[[f32; 8]; 8]; 2] {
    let mut image = [[[0.0; 8]; 8]; 2];
    let numbers = image.as_flattened_mut().as_flattened_mut();
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = ((at * 7 + index * 13) % 29) as f32 / 29.0 - 0.4;
    }
    image
}

#[test]
fn a_layer_without_weights_is_a_function() {
    on_every_instruction_set("spelling", |_| {
        let layers = trained!(AsLayers::new(Seed(5)));
        assert_eq!(layers, trained!(AsFunctions::new(Seed(5))));
        assert_ne!(layers, AsLayers::new(Seed(5)).forward(&image(40)));
    });
    assert_eq!(AsLayers::FLOPS, AsFunctions::FLOPS);
}

/// The names of the tensors in a network's file, sorted, once what was saved has been read again.
macro_rules! names_in_file {
    ($network:ident) => {{
        let name = format!(
            "kiln-{}-{}.safetensors",
            stringify!($network),
            std::process::id()
        );
        let path = std::env::temp_dir().join(name);
        let (net, mut loaded) = ($network::new(Seed(3)), $network::new(Seed(4)));
        net.save(&path).expect("a file in the temporary directory");
        loaded.load(&path).expect("what was saved");
        assert_eq!(net.forward(&[0.1; 4]), loaded.forward(&[0.1; 4]));
        let bytes = std::fs::read(&path).expect("the file just made");
        std::fs::remove_file(&path).expect("the file just made");
        let file =
            safetensors::SafeTensors::deserialize(&bytes).expect("the format of safetensors");
        let mut names: Vec<String> = file.names().iter().map(ToString::to_string).collect();
        names.sort();
        names
    }};
}

#[test]
fn names_in_files_are_those_that_are_stated() {
    on_every_instruction_set("names in files", |_| {
        assert_eq!(
            names_in_file!(Named),
            [
                "features.0.bias",
                "features.0.weight",
                "fn.bias",
                "fn.weight"
            ]
        );
        assert_eq!(
            names_in_file!(Numbered),
            ["2.bias", "2.weight", "block/a.1.bias", "block/a.1.weight"]
        );
    });
    let names: Vec<&str> = Named::LAYERS.iter().map(|layer| layer.name).collect();
    assert_eq!(names, ["fn", "", "features.0"]);
    assert!(
        Named::new(Seed(3))
            .summary()
            .to_string()
            .contains("features.0")
    );
}

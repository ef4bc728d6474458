//! A model made of blocks is the model that its layers are: the same names, the same bits, on every instruction set.
#![forbid(unsafe_code)]

use kiln::{Mse, Training, prelude::*, simd};

model! {
    /// He et al. 2016, without normalisation.
    block Residual<const CHANNELS: usize, const BIAS: bool = false>(x) {
        conv1: Conv2d(CHANNELS, 3, padding = 1, bias = BIAS),
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = BIAS),
        forward { relu(conv2(relu(conv1(x))) + x) }
    }

    /// Two results, of two inputs.
    block Exchange(a, b: [6]) {
        left: Dense(6),
        right: Dense(6),
        forward { (tanh(left(a)) + b, sigmoid(right(b))) }
    }

    struct Blocks(image: [1, 9, 9], features: [6]) -> ([6], [6]) {
        stem: { Conv2d(16, 3), Relu },
        stage: [Residual<16>; 2],
        last: Residual<{ 4 * 4 }, true>,
        head: { Flatten, Dense(6) },
        exchange: [Exchange; 2],
        forward {
            let image = head(last(stage(stem(image))));
            exchange(image, features)
        }
    }

    struct Flat(image: [1, 9, 9], features: [6]) -> ([6], [6]) {
        stem: Conv2d(16, 3, name = "stem.0"),
        a1: Conv2d(16, 3, padding = 1, bias = false, name = "stage.0.conv1"),
        a2: Conv2d(16, 3, padding = 1, bias = false, name = "stage.0.conv2"),
        b1: Conv2d(16, 3, padding = 1, bias = false, name = "stage.1.conv1"),
        b2: Conv2d(16, 3, padding = 1, bias = false, name = "stage.1.conv2"),
        c1: Conv2d(16, 3, padding = 1, name = "last.conv1"),
        c2: Conv2d(16, 3, padding = 1, name = "last.conv2"),
        fc: Dense(6, name = "head.1"),
        left0: Dense(6, name = "exchange.0.left"),
        right0: Dense(6, name = "exchange.0.right"),
        left1: Dense(6, name = "exchange.1.left"),
        right1: Dense(6, name = "exchange.1.right"),
        forward {
            let x = relu(stem(image));
            let x = relu(a2(relu(a1(x))) + x);
            let x = relu(b2(relu(b1(x))) + x);
            let x = relu(c2(relu(c1(x))) + x);
            let x = fc(flatten(x));
            let a = tanh(left0(x)) + features;
            let b = sigmoid(right0(features));
            (tanh(left1(a)) + b, sigmoid(right1(b)))
        }
    }

    /// A template and what is made of it.
    struct Mlp<const HIDDEN: usize, const BIAS: bool = true>(x: [8]) -> [3] {
        hidden: Dense(HIDDEN, bias = BIAS),
        Relu,
        logits: Dense(3),
    }
    type Small = Mlp<4>;
    /// Without a bias.
    #[derive(PartialEq)]
    type Large = Mlp<{ 2 * 16 }, false>;
}

type Input = ([[[f32; 9]; 9]; 1], [f32; 6]);
type Output = ([f32; 6], [f32; 6]);

fn input(number: usize) -> Input {
    let at = |index: usize| ((number * 31 + index * 7) % 23) as f32 / 11.0 - 1.0;
    let image = [std::array::from_fn(|row| {
        std::array::from_fn(|column| at(9 * row + column))
    })];
    (image, std::array::from_fn(|index| at(81 + index)))
}

/// Names of all parameters, and what is answered and learnt.
fn judge<M: Model<Input = Input, Output = Output>>() -> (Vec<String>, Vec<Output>, Vec<Vec<f32>>) {
    let net = M::new(Seed(3));
    let inputs: Vec<Input> = (0..9).map(input).collect();
    let mut outputs = vec![Output::default(); inputs.len()];
    net.forward_batch(&inputs, &mut outputs)
        .expect("as many outputs as inputs");
    let targets = vec![([0.25; 6], [0.5; 6]); inputs.len()];
    let mut training = Training::new(&net, inputs.len()).expect("memory");
    let loss = training
        .backward(&net, &inputs, &targets, &(Mse, Mse))
        .expect("finite");
    assert!(loss > 0.0);
    let gradients = training.gradients();
    let names: Vec<String> = gradients.names().map(|(name, _)| name.to_owned()).collect();
    let of = |name: &String| gradients.get(name).expect("a parameter");
    let gradients = names.iter().map(of).collect();
    (names, outputs, gradients)
}

/// One test, for a restriction to an instruction set holds for the whole process.
#[test]
fn blocks_are_the_layers_they_are_made_of() {
    for level in simd::levels() {
        assert!(simd::restrict(simd::set_of(level)));
        let (blocks, flat) = (judge::<Blocks>(), judge::<Flat>());
        assert!(blocks == flat, "{level:?}");
    }
    simd::restrict(None);
    assert_eq!((Blocks::PARAMS, Blocks::FLOPS), (Flat::PARAMS, Flat::FLOPS));
    assert_eq!(
        (Blocks::WORKSPACE_BYTES, Blocks::TRAIN_BYTES_PER_SAMPLE),
        (Flat::WORKSPACE_BYTES, Flat::TRAIN_BYTES_PER_SAMPLE)
    );
}

#[test]
fn templates_are_models_of_their_sizes() {
    assert_eq!(
        (Small::PARAMS, Large::PARAMS),
        (9 * 4 + 5 * 3, 8 * 32 + 33 * 3)
    );
    assert!(Large::new(Seed(1)) == Large::new(Seed(1)));
    assert_eq!(Small::new(Seed(1)).forward(&[0.5; 8]).len(), 3);
}

#[test]
fn the_summary_shows_the_parts_as_a_tree() {
    let summary = Blocks::new(Seed(1)).summary().to_string();
    let first = |line: &str| {
        line.split('│')
            .nth(1)
            .map(|cell| cell.trim_end().to_owned())
    };
    let names: Vec<_> = summary.lines().filter_map(first).collect();
    assert_eq!(
        names[1..],
        [
            " stem",
            "   0 (Conv2d)",
            "   1 (Relu)",
            " stage",
            "   0",
            "     conv1 (Conv2d)",
            "     Relu",
            "     conv2 (Conv2d)",
            "     Add",
            "     Relu",
            "   1",
            "     conv1 (Conv2d)",
            "     Relu",
            "     conv2 (Conv2d)",
            "     Add",
            "     Relu",
            " last",
            "   conv1 (Conv2d)",
            "   Relu",
            "   conv2 (Conv2d)",
            "   Add",
            "   Relu",
            " head",
            "   0 (Flatten)",
            "   1 (Dense)",
            " exchange",
            "   0",
            "     left (Dense)",
            "     Tanh",
            "     Add",
            "     right (Dense)",
            "     Sigmoid",
            "   1",
            "     left (Dense)",
            "     Tanh",
            "     Add",
            "     right (Dense)",
            "     Sigmoid",
        ]
    );
    assert!(
        summary.contains("│ stage") && summary.contains("9,216 │"),
        "{summary}"
    );
}

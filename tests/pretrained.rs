//! Networks that are compiled with their weights.
#![forbid(unsafe_code)]

#[path = "layers/linear.rs"]
mod linear;

use kiln::{SmallOutput, prelude::*};
use linear::Linear;
use std::{env, fs};

model! {
    /// Every kind of packing.
    #[kiln(weights = "tests/pretrained/zoo.safetensors")]
    #[derive(PartialEq)]
    struct Zoo(image: [2, 8, 8], steps: [6, 5], words: u32[4]) -> [7] {
        conv: Conv2d(20, 3, padding = 1),
        norm: BatchNorm,
        depth: Conv2d(20, 3, padding = 1, groups = 20),
        grouped: Conv2d(6, 3, groups = 2),
        up: ConvTranspose2d(3, 2, stride = 2),
        slope: PRelu,
        planes: Dense(18),
        lstm: Lstm(18, layers = 2, bidirectional = true),
        gru: Gru(5, reset_after = false),
        table: Embedding(9, 11),
        line: Conv1d(17, 3, padding = Causal),
        each: LayerNorm,
        custom: Linear(weight: [19, 68], bias: [19]) -> [19],
        fc: Dense(7),
        forward {
            let seen = flatten(slope(up(grouped(depth(norm(conv(image)))))));
            let heard = flatten(last(gru(lstm(steps))));
            let read = flatten(each(line(table(words))));
            fc(concat(planes(seen), heard, custom(read)))
        }
    }

    /// PyTorch's numbers, exact in every type.
    #[kiln(weights = "tests/golden/data/weights_f32.safetensors")]
    struct Floats(x: [2]) -> [18] { Dense(18), Relu }
    #[kiln(weights = "tests/golden/data/weights_f16.safetensors")]
    struct Halves(x: [2]) -> [18] { Dense(18), Relu }
    #[kiln(weights = "tests/golden/data/weights_bf16.safetensors")]
    struct Brains(x: [2]) -> [18] { Dense(18), Relu }

    /// A template; its weights stand with what is made of it.
    struct Wide<const WIDTH: usize>(x: [2]) -> [WIDTH] { Dense(WIDTH), Relu }
    #[kiln(weights = "tests/golden/data/weights_f32.safetensors")]
    type Eighteen = Wide<18>;
    type Three = Wide<3>;

    /// No layer has weights.
    #[kiln(weights = "tests/pretrained/nothing.safetensors")]
    struct Nothing(x: [3]) -> [3] { Relu }

    #[kiln(stream, weights = "tests/golden/data/weights_f32.safetensors")]
    struct Streamed(x: [4, 2]) -> [4, 18] { Dense(18), Relu }
}

static FLOATS: Floats = Floats::pretrained();
const HALVES: Halves = Halves::pretrained();

/// A network as it is loaded while the program runs.
fn opened<M: Model>(file: &str) -> M {
    M::open(format!("{}/tests/{file}", env!("CARGO_MANIFEST_DIR")))
        .expect("the file that it is compiled with")
}

/// What `zoo.safetensors` holds.
fn zoo() -> Zoo {
    let mut net = Zoo::new(Seed(7));
    // 2^24 + 4: more than one `f32` counts.
    let set = net
        .parameters_mut()
        .set("norm.num_batches_tracked", &[16_777_220.0]);
    set.expect("a count");
    net
}

/// With `KILN_WRITE=1`, the files are written anew, as they should be after a change of a network.
#[test]
fn the_files_are_what_the_networks_save() {
    for (file, bytes) in [
        ("zoo", zoo().to_bytes()),
        ("nothing", Nothing::new(Seed(0)).to_bytes()),
    ] {
        let path = format!(
            "{}/tests/pretrained/{file}.safetensors",
            env!("CARGO_MANIFEST_DIR")
        );
        let bytes = bytes.expect("finite numbers");
        if env::var_os("KILN_WRITE").is_some() {
            fs::write(&path, &bytes).expect("a file that can be written");
        }
        assert!(fs::read(&path).is_ok_and(|found| found == bytes), "{path}");
    }
}

#[test]
fn every_packing_is_that_of_a_file_that_is_loaded() {
    assert!(Zoo::pretrained() == zoo());
    assert!(Zoo::pretrained() == opened::<Zoo>("pretrained/zoo.safetensors"));
    assert!(Zoo::pretrained() != Zoo::new(Seed(3)));
    let count = Zoo::pretrained()
        .parameters()
        .get("norm.num_batches_tracked");
    assert_eq!(count, Some(vec![16_777_220.0]));
}

#[test]
fn every_type_gives_the_same() {
    let x = [1.5, -0.25];
    let expected = opened::<Floats>("golden/data/weights_f32.safetensors").forward(&x);
    assert!(expected.iter().any(|&it| it > 0.0));
    assert_eq!(FLOATS.forward(&x), expected);
    assert_eq!(HALVES.forward(&x), expected);
    assert_eq!(Brains::pretrained().forward(&x), expected);
    assert_eq!(Eighteen::pretrained().forward(&x), expected);
    assert_eq!(Three::new(Seed(0)).forward(&x).len(), 3);
}

#[test]
fn a_network_without_weights_needs_none() {
    assert_eq!(
        Nothing::pretrained().forward(&[-1.0, 0.0, 2.0]),
        [0.0, 0.0, 2.0]
    );
}

#[test]
fn generic_code_asks_for_weights() {
    fn answer<M: Model + Pretrained + SmallOutput>(input: &M::Input) -> M::Output {
        M::pretrained().forward(input)
    }
    assert_eq!(answer::<Floats>(&[1.0, 1.0]), FLOATS.forward(&[1.0, 1.0]));
}

#[test]
fn streams_and_batches_read_the_same_weights() {
    let net = Streamed::pretrained();
    let frames = [[1.0, 2.0], [0.5, -1.0], [0.0, 0.0], [-2.0, 1.0]];
    let (whole, mut stream) = (net.forward(&frames), net.stream());
    for (frame, expected) in frames.iter().zip(&whole) {
        assert_eq!(stream.step(frame), *expected);
    }
    let mut answers = [[0.0; 18]; 4];
    FLOATS
        .forward_batch(&frames, &mut answers)
        .expect("as many answers");
    assert_eq!(answers, whole);
}

/// It goes on learning from where it stands, and what is part of the program does not change.
#[test]
fn a_pretrained_network_is_trained_on() {
    let mut net = Floats::pretrained();
    let data = kiln::data::Samples::new(vec![[1.0, 1.0]; 8], vec![[1.0; 18]; 8]).expect("pairs");
    let before = FLOATS.forward(&[1.0, 1.0]);
    let mut trainer = Trainer::new(Sgd::new(0.01), Mse).epochs(3).batch(4).quiet();
    trainer.fit(&mut net, &data).expect("it learns");
    assert_ne!(net.forward(&[1.0, 1.0]), before);
    assert_eq!(Floats::pretrained().forward(&[1.0, 1.0]), before);
    let mut other = Floats::new(Seed(1));
    other
        .lerp_from(&Floats::pretrained(), 1.0)
        .expect("a whole copy");
    assert_eq!(other.forward(&[1.0, 1.0]), before);
}

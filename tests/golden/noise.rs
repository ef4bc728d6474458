//! What is kept and what is dropped, against PyTorch and torchvision: two values for each number, whichever the mask
//! chooses.

use crate::{assert_close, file::Golden, on_every_instruction_set};
use kiln::{InputGradients, Training, prelude::*};

/// Samples, of which some keep a number and some drop it.
const SAMPLES: usize = 400;

/// What a layer makes of eight numbers in training, and the slope of each: its one value where it is kept, and where it
/// is not.
struct Found {
    kept: [f32; 8],
    dropped: [f32; 8],
    slope: f32,
}

/// Where a number is kept its slope is not 0; all that are kept are alike, and all that are dropped.
fn found(samples: &[([f32; 8], [f32; 8])]) -> Found {
    let one = |number: usize, kept: bool| {
        let of = samples
            .iter()
            .filter(|(_, slopes)| (slopes[number] != 0.0) == kept);
        let mut values = of.map(|(outputs, slopes)| (outputs[number], slopes[number]));
        let first = values.next().expect("both are met among all samples");
        assert!(values.all(|other| other == first), "number {number}");
        first
    };
    Found {
        kept: std::array::from_fn(|number| one(number, true).0),
        dropped: std::array::from_fn(|number| one(number, false).0),
        slope: one(0, true).1,
    }
}

/// What a training pass makes of samples, and the gradients of the sum of all outputs by the inputs.
fn run<N: Model + InputGradients>(
    net: &N,
    inputs: &[N::Input],
    ones: &[N::Output],
) -> (Vec<N::Output>, Vec<N::Input>)
where
    N::Input: Clone,
    N::Output: Clone,
{
    let training = Training::new(net, inputs.len())
        .expect("memory")
        .seed(Seed(3));
    let mut training = training.with_input_gradients().expect("memory");
    let outputs = training.forward(net, inputs).expect("sound").to_vec();
    training.backward_from(net, inputs, ones).expect("sound");
    (outputs, training.input_gradients().to_vec())
}

/// The layer behind a number, with a layer behind it that is the identity.
macro_rules! layer {
    ($layer:ident($($p:literal),*), $shape:tt, $flat:expr, $shaped:expr) => {{
        let mut all = Vec::new();
        $({
            model! {
                #[kiln(input_gradients)]
                struct Net(x: $shape) -> [8] { $layer($p), Flatten, same: Dense(8) }
            }
            let mut net = Net::new(Seed(1));
            let eye: Vec<f32> = (0..64).map(|at| if at / 8 == at % 8 { 1.0 } else { 0.0 }).collect();
            net.parameters_mut().set("same.weight", &eye).expect("64 numbers");
            net.parameters_mut().set("same.bias", &[0.0; 8]).expect("8 numbers");
            let x: [f32; 8] = Golden::open("noise").get("x")[0];
            let inputs = vec![$shaped(x); SAMPLES];
            let (outputs, slopes) = run(&net, &inputs, &vec![[1.0; 8]; SAMPLES]);
            let slopes = slopes.iter().map($flat);
            all.push(found(&outputs.into_iter().zip(slopes).collect::<Vec<_>>()));
            assert_eq!(net.forward(&inputs[0]), x, "inference");
        })*
        all
    }};
}

fn compare(name: &str, all: &[Found]) {
    let golden = Golden::open("noise");
    let kept = golden.get::<[f32; 8]>(&format!("{name}.kept"));
    for (index, found) in all.iter().enumerate() {
        let what = format!("{name}, probability {index}");
        assert_close(&found.kept, &kept[index], &what);
        if name == "alpha" {
            let dropped = golden.get::<f32>("alpha.dropped")[index];
            assert_close(&found.dropped, &[dropped; 8], &what);
            let slope = golden.get::<f32>("alpha.slope")[index];
            assert_close(&[found.slope], &[slope], &what);
        } else {
            assert_eq!(found.dropped, [0.0; 8], "{what}");
        }
    }
}

#[test]
fn noise() {
    on_every_instruction_set("noise", |_| {
        let flat = |x: &[f32; 8]| *x;
        let same = |x: [f32; 8]| x;
        compare(
            "alpha",
            &layer!(AlphaDropout(0.1, 0.3, 0.5, 0.9), [8], flat, same),
        );
        compare(
            "whole",
            &layer!(Dropout(0.1, 0.3, 0.5, 0.9), [8], flat, same),
        );
        compare(
            "rows",
            &layer!(StochasticDepth(0.1, 0.3, 0.5, 0.9), [8], flat, same),
        );
        let flat = |x: &[[[f32; 1]; 1]; 8]| x.map(|[[x]]| x);
        let channels = |x: [f32; 8]| x.map(|x| [[x]]);
        compare(
            "channels",
            &layer!(
                SpatialDropout(0.1, 0.3, 0.5, 0.9),
                [8, 1, 1],
                flat,
                channels
            ),
        );
    });
}

//! Every layer alone, judged by the squared error.
//!
//! Each is checked twice. As a model's first layer it reads what the caller gives; the gradients are those of its weights.
//! Behind a `Dense` without bias whose weights are the inputs, and whose own input is one of the unit vectors, sample i's
//! input is column i of those weights: their gradient is the gradient by the layer's input.

use bytemuck::Pod;
use kiln::{Loss, Model, Mse, Network, Seed, Training, Workspace};

use crate::{
    assert_close,
    file::{Golden, thinned, transposed},
    on_every_instruction_set,
};

/// The name of the weights that hold the inputs.
const INPUT: &str = "input.weight";

/// Declares a layer's two models and their test.
macro_rules! layer {
    ($name:ident: [$($size:tt),*] -> $output:tt, $($layer:tt)*) => {
        mod $name {
            kiln::model! {
                struct First(x: [$($size),*]) -> $output {
                    layer: $($layer)*,
                }
                struct Behind(unit: [3]) -> $output {
                    input: Dense(1 $(* $size)*, bias = false),
                    Reshape($($size),*),
                    layer: $($layer)*,
                }
            }

            #[test]
            fn agrees() {
                super::check(First::new(super::Seed(0)), stringify!($name));
                super::check(Behind::new(super::Seed(0)), stringify!($name));
            }
        }
    };
}

layer!(dense: [7] -> [19], Dense(19));
layer!(dense_no_bias: [33] -> [5], Dense(5, bias = false));
layer!(dense_sequence: [3, 5] -> [3, 18], Dense(18));
layer!(conv2d: [3, 6, 7] -> [18, 4, 5], Conv2d(18, kernel = 3));
layer!(conv2d_stride: [2, 9, 8] -> [5, 4, 3], Conv2d(5, kernel = (3, 2), stride = (2, 3)));
layer!(conv2d_padding: [17, 4, 5] -> [4, 4, 7], Conv2d(4, kernel = 3, padding = (1, 2)));
layer!(conv2d_dilation: [1, 8, 7] -> [3, 9, 7], Conv2d(3, kernel = (2, 3), dilation = (3, 2), padding = 2));
layer!(conv2d_same: [3, 5, 6] -> [7, 5, 6], Conv2d(7, kernel = (4, 3), padding = Same));
layer!(conv2d_no_bias: [5, 3, 4] -> [33, 3, 4], Conv2d(33, kernel = 1, bias = false));
layer!(max_pool2d: [3, 6, 5] -> [3, 3, 2], MaxPool2d(2));
layer!(max_pool2d_padding: [17, 7, 6] -> [17, 4, 3], MaxPool2d(3, stride = 2, padding = 1));
layer!(max_pool2d_overlap: [2, 5, 4] -> [2, 3, 3], MaxPool2d((3, 2), stride = 1));
layer!(lstm: [4, 5] -> [4, 9], Lstm(9));
layer!(lstm_layers: [5, 6] -> [5, 17], Lstm(17, layers = 2));
layer!(lstm_no_bias: [6, 3] -> [6, 4], Lstm(4, bias = false));
layer!(relu: [2, 3, 5] -> [2, 3, 5], Relu);
layer!(sigmoid: [2, 3, 5] -> [2, 3, 5], Sigmoid);
layer!(tanh: [17] -> [17], Tanh);
layer!(softmax: [19] -> [19], Softmax);
layer!(log_softmax: [3, 5] -> [3, 5], LogSoftmax);

/// Holds a model against the file of its layer.
fn check<N>(mut net: N, name: &str)
where
    N: Network<Input: Pod, Output: Pod>,
    Mse: Loss<N::Output, Target = N::Output>,
{
    let golden = Golden::open(name);
    let names: Vec<&str> = net.parameters().names().map(|(name, _)| name).collect();
    let behind = names.contains(&INPUT);
    let columns = golden.get::<f32>("inputs").len() / 3;
    for name in &names {
        let values = match *name {
            INPUT => transposed(&golden.get("inputs"), columns),
            name => golden.get(&format!("weights.{name}")),
        };
        net.parameters_mut().set(name, &values).expect(name);
    }
    let units = [1.0_f32, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let inputs: Vec<N::Input> = match behind {
        true => bytemuck::pod_collect_to_vec(&units),
        false => golden.get("inputs"),
    };
    let outputs: Vec<N::Output> = golden.get("outputs");
    let targets: Vec<N::Output> = golden.get("targets");
    let label = format!(
        "{name}, {}",
        if behind { "behind weights" } else { "first" }
    );

    on_every_instruction_set(&label, |set| {
        let here = |what: &str| format!("{label}: {what} on {set:?}");
        let mut workspace = Workspace::new(1);
        for (input, expected) in inputs.iter().zip(&outputs) {
            let output = workspace.forward(&net, input);
            assert_close(
                bytemuck::cast_slice(&[output]),
                bytemuck::cast_slice(&[*expected]),
                &here("output"),
            );
        }
        let mut training = Training::new(&net, inputs.len()).expect("a batch");
        let loss = training
            .backward(&net, &inputs, &targets, &Mse)
            .expect("finite numbers");
        assert_close(&[loss as f32], &[golden.number("loss")], &here("loss"));
        for name in &names {
            let found = training.gradients().get(name).expect(name);
            let (found, expected) = match *name {
                INPUT => (found, transposed(&golden.get("gradients.input"), columns)),
                name => (thinned(&found), golden.get(&format!("gradients.{name}"))),
            };
            assert_close(&found, &expected, &here(name));
        }
    });
}

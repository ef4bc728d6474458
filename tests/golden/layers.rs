//! Every layer alone, and with what it absorbs, judged by the squared error; `make.py` has the same table.

use bytemuck::Pod;
use kiln::{Loss, Model, Mse, Seed, Value};

use crate::{file::Golden, trial::Trial};

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
                super::check(stringify!($name), First::new(super::Seed(0)), Behind::new(super::Seed(0)));
            }
        }
    };
}

layer!(dense: [7] -> [19], Dense(19));
layer!(dense_no_bias: [33] -> [5], Dense(5, bias = false));
layer!(dense_sequence: [3, 5] -> [3, 18], Dense(18));
layer!(dense_relu: [18] -> [21], Dense(21), Relu);
layer!(dense_sigmoid: [5] -> [17], Dense(17), Sigmoid);
layer!(dense_tanh: [3, 4] -> [3, 5], Dense(5), Tanh);
layer!(dense_penalties: [17] -> [6], Dense(6, l1 = 0.03125, l2 = 0.0625));
layer!(conv2d: [3, 6, 7] -> [18, 4, 5], Conv2d(18, kernel = 3));
layer!(conv2d_stride: [2, 9, 8] -> [5, 4, 3], Conv2d(5, kernel = (3, 2), stride = (2, 3)));
layer!(conv2d_padding: [17, 4, 5] -> [4, 4, 7], Conv2d(4, kernel = 3, padding = (1, 2)));
layer!(conv2d_dilation: [1, 8, 7] -> [3, 9, 7], Conv2d(3, kernel = (2, 3), dilation = (3, 2), padding = 2));
layer!(conv2d_all: [4, 9, 7] -> [6, 5, 7], Conv2d(6, kernel = (3, 2), stride = (2, 1), padding = (2, 1), dilation = (2, 2)));
layer!(conv2d_same: [3, 5, 6] -> [7, 5, 6], Conv2d(7, kernel = (4, 3), padding = Same));
layer!(conv2d_valid: [2, 5, 6] -> [3, 4, 2], Conv2d(3, kernel = (2, 5), padding = Valid));
layer!(conv2d_no_bias: [5, 3, 4] -> [33, 3, 4], Conv2d(33, kernel = 1, bias = false));
layer!(conv2d_penalties: [2, 4, 5] -> [3, 2, 3], Conv2d(3, kernel = 3, l1 = 0.0625, l2 = 0.03125));
layer!(conv2d_tanh: [1, 5, 6] -> [17, 3, 4], Conv2d(17, kernel = 3), Tanh);
layer!(conv2d_pool: [3, 7, 8] -> [18, 2, 3], Conv2d(18, kernel = 3), Relu, MaxPool2d(2));
layer!(max_pool2d: [3, 6, 5] -> [3, 3, 2], MaxPool2d(2));
layer!(max_pool2d_padding: [17, 7, 6] -> [17, 4, 3], MaxPool2d(3, stride = 2, padding = 1));
layer!(max_pool2d_overlap: [2, 5, 4] -> [2, 3, 3], MaxPool2d((3, 2), stride = 1));
layer!(avg_pool2d: [3, 6, 5] -> [3, 3, 2], AvgPool2d(2));
layer!(avg_pool2d_padding: [17, 7, 6] -> [17, 4, 3], AvgPool2d(3, stride = 2, padding = 1));
layer!(avg_pool2d_no_pad: [2, 5, 4] -> [2, 3, 5], AvgPool2d((3, 2), stride = (2, 1), padding = 1, count_include_pad = false));
layer!(avg_pool2d_ceil: [18, 6, 8] -> [18, 4, 5], AvgPool2d(3, stride = 2, padding = 1, ceil_mode = true));
layer!(avg_pool2d_ceil_no_pad: [4, 7, 9] -> [4, 3, 3], AvgPool2d(2, stride = 3, ceil_mode = true, count_include_pad = false));
layer!(adaptive_avg_pool2d: [5, 6, 9] -> [5, 2, 3], AdaptiveAvgPool2d((2, 3)));
layer!(global_avg_pool: [19, 7, 5] -> [19], GlobalAvgPool);
layer!(batch_norm: [19] -> [19], BatchNorm);
layer!(batch_norm_steps: [4, 5] -> [4, 5], BatchNorm);
layer!(batch_norm_image: [18, 4, 5] -> [18, 4, 5], BatchNorm(18));
layer!(batch_norm_fixed: [3, 5, 2] -> [3, 5, 2], BatchNorm(affine = false));
layer!(batch_norm_momentum: [2, 3, 9] -> [2, 3, 9], BatchNorm(momentum = 0.375, eps = 0.0625));
layer!(batch_norm_relu: [17, 3, 3] -> [17, 3, 3], BatchNorm, Relu);
layer!(batch_norm_sigmoid: [7] -> [7], BatchNorm, Sigmoid);
layer!(batch_norm_features_all: [21] -> [21], BatchNorm(21, momentum = 0.25, eps = 0.125, affine = false), Sigmoid);
layer!(batch_norm_steps_all: [7, 18] -> [7, 18], BatchNorm(18, momentum = 0.75, eps = 0.25));
layer!(batch_norm_steps_fixed: [3, 33] -> [3, 33], BatchNorm(affine = false), Relu);
layer!(instance_norm: [18, 4, 5] -> [18, 4, 5], InstanceNorm(track_running_stats = true));
layer!(instance_norm_all: [5, 3, 4] -> [5, 3, 4], InstanceNorm(5, eps = 0.0625, momentum = 0.375, affine = true, track_running_stats = true), Sigmoid);
layer!(instance_norm_steps: [6, 17] -> [6, 17], InstanceNorm(affine = true, track_running_stats = true), Relu);
layer!(batch_norm_far: [4, 6, 6] -> [4, 6, 6], BatchNorm, Tanh);
layer!(lstm: [4, 5] -> [4, 9], Lstm(9));
layer!(lstm_layers: [5, 6] -> [5, 17], Lstm(17, layers = 2));
layer!(lstm_no_bias: [6, 3] -> [6, 4], Lstm(4, bias = false));
layer!(lstm_penalties: [3, 4] -> [3, 5], Lstm(5, l1 = 0.03125, l2 = 0.0625));
layer!(lstm_last: [4, 5] -> [6], Lstm(6), Last);
layer!(last: [4, 18] -> [18], Last);
layer!(flatten: [2, 3, 5] -> [30], Flatten);
layer!(reshape: [2, 3, 5] -> [5, 6], Reshape(5, 6));
layer!(slice: [5, 4] -> [3, 4], Slice(1..4));
layer!(slice_axis: [2, 5, 18] -> [2, 5, 15], Slice(2..17, axis = 2));
layer!(dropout: [2, 9] -> [2, 9], Dropout(0));
layer!(factor: [2, 3, 5] -> [2, 3, 5], Factor(-0.75));
layer!(relu: [2, 3, 5] -> [2, 3, 5], Relu);
layer!(sigmoid: [2, 3, 5] -> [2, 3, 5], Sigmoid);
layer!(tanh: [17] -> [17], Tanh);
layer!(softmax: [19] -> [19], Softmax);
layer!(softmax_rows: [3, 5] -> [3, 5], Softmax);
layer!(log_softmax: [3, 5] -> [3, 5], LogSoftmax);
layer!(log_softmax_vector: [19] -> [19], LogSoftmax);

/// Holds both models against the file of their layer.
fn check<F, B, O>(name: &str, first: F, behind: B)
where
    F: Model<Input: Pod, Output = O>,
    B: Model<Input = [f32; 3], Output = O>,
    O: Pod + Value,
    Mse: Loss<O, O>,
{
    let golden = Golden::open(name);
    let trial = Trial {
        golden: &golden,
        targets: golden.get::<O>("targets"),
        loss: Mse,
        numbers: |output: &O| bytemuck::cast_slice(&[*output]).to_vec(),
    };
    let inputs = golden.get("inputs.input");
    if golden.has("after.outputs") {
        trial.check_statistics(first.clone(), &inputs, &format!("{name}, after steps"));
    }
    trial.check(first, &inputs, &format!("{name}, first"));
    trial.check_behind(behind, &format!("{name}, behind weights"));
}

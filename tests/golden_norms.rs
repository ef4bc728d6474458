//! Layers that normalise, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/norms.py` writes.
const GOLDEN: &str = "family_norms";

case!(layer: (x: [19]) -> [19] { layer: LayerNorm });
case!(layer_stated: (x: [64]) -> [64] { layer: LayerNorm(64) });
case!(layer_fixed: (x: [33]) -> [33] { layer: LayerNorm(affine = false) });
case!(layer_no_bias: (x: [40]) -> [40] { layer: LayerNorm(bias = false) });
case!(layer_eps: (x: [5]) -> [5] { layer: LayerNorm(eps = 0.25) });
case!(layer_long: (x: [600]) -> [600] { layer: LayerNorm });
case!(layer_relu: (x: [20]) -> [20] { LayerNorm, Relu });
case!(layer_sigmoid: (x: [3, 21]) -> [3, 21] { LayerNorm, Sigmoid });
case!(layer_steps: (x: [5, 18]) -> [5, 18] { layer: LayerNorm });
case!(layer_steps_many: (x: [37, 16]) -> [37, 16] { layer: LayerNorm });
case!(layer_steps_wide: (x: [3, 131]) -> [3, 131] { layer: LayerNorm(131, bias = false) });
case!(layer_steps_whole: (x: [5, 18]) -> [5, 18] { layer: LayerNorm(axes = 2) });
case!(layer_steps_whole_stated: (x: [7, 32]) -> [7, 32] { layer: LayerNorm([7, 32], eps = 0.125) });
case!(layer_columns: (x: [3, 4, 5]) -> [3, 4, 5] { layer: LayerNorm });
case!(layer_planes: (x: [3, 4, 5]) -> [3, 4, 5] { layer: LayerNorm(axes = 2) });
case!(layer_planes_stated: (x: [5, 6, 7]) -> [5, 6, 7] { layer: LayerNorm(6, 7) });
case!(layer_planes_no_bias: (x: [2, 5, 16]) -> [2, 5, 16] { layer: LayerNorm(shape = [5, 16], bias = false) });
case!(layer_image: (x: [3, 4, 5]) -> [3, 4, 5] { layer: LayerNorm(axes = 3) });
case!(layer_image_blocks: (x: [32, 3, 4]) -> [32, 3, 4] { layer: LayerNorm([32, 3, 4]) });
case!(layer_image_no_bias: (x: [17, 3, 2]) -> [17, 3, 2] { layer: LayerNorm(axes = 3, bias = false) });
case!(layer_image_fixed: (x: [2, 9, 9]) -> [2, 9, 9] { layer: LayerNorm(axes = 3, affine = false) });
case!(layer_between: (x: [3, 6, 7]) -> [5, 6, 7] {
    Conv2d(18, 3, padding = 1), LayerNorm(axes = 3), Relu, Conv2d(5, 3, padding = 1)
});
case!(layer_planes_between: (x: [3, 6, 7]) -> [5, 6, 7] {
    Conv2d(18, 3, padding = 1, bias = false), LayerNorm(axes = 2), Conv2d(5, 3, padding = 1)
});
case!(layer_behind: (x: [7]) -> [6] { Dense(21), LayerNorm, Relu, Dense(6) });
case!(layer_far: (x: [4, 50]) -> [4, 50] { layer: LayerNorm });
case!(group: (x: [6, 5, 4]) -> [6, 5, 4] { layer: GroupNorm(2) });
case!(group_stated: (x: [32, 4, 4]) -> [32, 4, 4] { layer: GroupNorm(8, 32) });
case!(group_across_blocks: (x: [42, 3, 4]) -> [42, 3, 4] { layer: GroupNorm(3) });
case!(group_one: (x: [18, 4, 3]) -> [18, 4, 3] { layer: GroupNorm(1) });
case!(group_each: (x: [20, 3, 3]) -> [20, 3, 3] { layer: GroupNorm(20, channels = 20) });
case!(group_fixed: (x: [12, 3, 5]) -> [12, 3, 5] { layer: GroupNorm(4, affine = false) });
case!(group_eps: (x: [4, 7, 2]) -> [4, 7, 2] { layer: GroupNorm(2, eps = 0.25) });
case!(group_features: (x: [36]) -> [36] { layer: GroupNorm(4) });
case!(group_steps: (x: [7, 24]) -> [7, 24] { layer: GroupNorm(6, name = "layer.norm") });
case!(group_relu: (x: [8, 5, 5]) -> [8, 5, 5] { GroupNorm(2), Relu });
case!(group_sigmoid: (x: [18, 4, 4]) -> [18, 4, 4] { GroupNorm(3), Sigmoid });
case!(group_between: (x: [3, 6, 7]) -> [5, 6, 7] {
    Conv2d(18, 3, padding = 1), GroupNorm(2), Relu, Conv2d(5, 3, padding = 1)
});
case!(group_far: (x: [6, 8, 8]) -> [6, 8, 8] { layer: GroupNorm(3) });
case!(instance: (x: [5, 4, 6]) -> [5, 4, 6] { layer: InstanceNorm });
case!(instance_stated: (x: [33, 3, 3]) -> [33, 3, 3] { layer: InstanceNorm(33) });
case!(instance_affine: (x: [18, 4, 5]) -> [18, 4, 5] { layer: InstanceNorm(affine = true) });
case!(instance_eps: (x: [2, 9, 3]) -> [2, 9, 3] { layer: InstanceNorm(eps = 0.5, affine = true) });
case!(instance_steps: (x: [9, 20]) -> [9, 20] { layer: InstanceNorm });
case!(instance_steps_affine: (x: [30, 5]) -> [30, 5] { layer: InstanceNorm(5, affine = true, name = "layer.norm") });
case!(instance_relu: (x: [4, 6, 6]) -> [4, 6, 6] { InstanceNorm(affine = true), Relu });
case!(instance_tanh: (x: [17, 3, 4]) -> [17, 3, 4] { InstanceNorm(affine = true), Tanh });
case!(instance_between: (x: [3, 6, 7]) -> [5, 6, 7] {
    Conv2d(18, 3, padding = 1, bias = false), InstanceNorm, Relu, Conv2d(5, 3, padding = 1)
});
case!(instance_far: (x: [6, 8, 8]) -> [6, 8, 8] { layer: InstanceNorm(affine = true) });
case!(layer_four_axes: (x: [2, 3, 4, 5]) -> [2, 3, 4, 5] { layer: LayerNorm(axes = 3) });
case!(layer_all_four_axes: (x: [2, 3, 2, 5]) -> [2, 3, 2, 5] { layer: LayerNorm([2, 3, 2, 5]) });
case!(group_four_axes: (x: [6, 2, 3, 4]) -> [6, 2, 3, 4] { layer: GroupNorm(3) });
case!(instance_four_axes: (x: [5, 2, 3, 4]) -> [5, 2, 3, 4] { layer: InstanceNorm(affine = true) });
case!(length_four_axes: (x: [5, 2, 3, 4]) -> [5, 2, 3, 4] { L2Normalize });
case!(rms: (x: [19]) -> [19] { layer: RmsNorm });
case!(rms_stated: (x: [3, 64]) -> [3, 64] { layer: RmsNorm(64) });
case!(rms_fixed: (x: [3, 17]) -> [3, 17] { layer: RmsNorm(affine = false) });
case!(rms_eps: (x: [33]) -> [33] { layer: RmsNorm(eps = 0.5) });
case!(rms_planes: (x: [3, 4, 5]) -> [3, 4, 5] { layer: RmsNorm(axes = 2) });
case!(rms_image: (x: [18, 4, 5]) -> [18, 4, 5] { layer: RmsNorm(axes = 3) });
case!(rms_tanh: (x: [6, 30]) -> [6, 30] { RmsNorm, Tanh });
case!(length: (x: [19]) -> [19] { L2Normalize });
case!(length_steps: (x: [4, 35]) -> [4, 35] { forward { l2_normalize(x) } });
case!(length_image: (x: [5, 4, 3]) -> [5, 4, 3] { L2Normalize });
case!(length_image_blocks: (x: [48, 2, 3]) -> [48, 2, 3] { L2Normalize });
case!(length_below_eps: (x: [18]) -> [18] { L2Normalize(eps = 100) });
case!(length_between: (x: [3, 6, 7]) -> [5, 6, 7] {
    Conv2d(18, 3, padding = 1), L2Normalize(eps = 0.25), Conv2d(5, 3, padding = 1)
});

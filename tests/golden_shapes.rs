//! Layers that change shapes, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/shapes.py` writes.
const GOLDEN: &str = "family_shapes";

case!(flatten_steps: (x: [5, 18]) -> [90] { Flatten });
case!(concat_axis: (a: [5, 3], b: [5, 17]) -> [5, 20] { forward { concat(a, b, axis = 1) } });
case!(slice_both: (x: [5, 18]) -> ([3, 18], [5, 2]) { forward { (x[1..4], x[(.., 3..5)]) } });

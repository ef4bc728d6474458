//! The oracle against numbers that PyTorch computed in f64.

#![allow(
    clippy::approx_constant,
    reason = "3.14 is a literal of the golden values, not pi"
)]

use super::{Reference, cross_entropy, mse};
use kiln_compiler::graph::Graph;

/// The numbers `0.3 ((5 i) mod modulus) + first`, which were given to PyTorch too.
fn ramp(count: usize, first: f64, modulus: usize) -> Vec<f64> {
    (0..count)
        .map(|i| 0.3 * ((5 * i) % modulus) as f64 + first)
        .collect()
}

fn graph(text: &str) -> Graph {
    let tokens = text.parse().expect("tokens");
    let mut graphs =
        kiln_compiler::graphs(tokens).unwrap_or_else(|errors| panic!("{text}: {errors}"));
    graphs.remove(0)
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-11,
            "{found} is not {expected}"
        );
    }
}

/// Runs a model of one input whose parameters are ramps.
fn run(text: &str, input: Vec<f64>, (first, modulus): (f64, usize)) -> Vec<f64> {
    let graph = graph(text);
    let mut reference = Reference::new(&graph);
    for (name, values) in &mut reference.parameters {
        let bias = name.contains(".bias") && !name.contains("_l");
        *values = if bias {
            ramp(values.len(), -0.7, 7)
        } else {
            ramp(values.len(), first, modulus)
        };
    }
    reference.forward(&[input]).remove(0)
}

#[test]
fn dense_maps_every_step() {
    let y = run(
        "struct Net(x: [2, 3]) -> [2, 2] { Dense(2) }",
        ramp(6, -0.4, 7),
        (-0.7, 7),
    );
    assert_close(&y, &[0.56, 2.42, 0.65, 2.78]);
}

#[test]
fn conv2d_moves_by_stride_padding_and_dilation() {
    let text = "struct Net(x: [2, 5, 4]) -> [3, 3, 6] {
        Conv2d(3, kernel = (3, 2), stride = (2, 1), padding = (1, 2), dilation = (1, 2)),
    }";
    #[rustfmt::skip]
    let expected = [
        6.41, 2.27, 13.97, 5.42, 14.24, 1.91, 12.2, 8.6, 18.41, 9.41, 5.87, 8.39, 3.77, 3.14, 3.44, 10.91, -0.4, 2.75,
        9.71, 5.3, 17.87, 7.88, 4.64, 4.01, 9.26, 2.87, 25.82, 12.14, 16.55, 4.31, 1.73, 2.9, 8.63, 13.58, 5.99, 17.69,
        2.33, 4.67, 8.75, 4.34, 2.3, 0.5, 18.65, 2.45, 22.55, 11.21, 5.63, 5.54, 7.73, 9.53, 7.82, 17.27, 2.09, 4.79,
    ];
    assert_close(&run(text, ramp(40, -0.5, 11), (-0.6, 13)), &expected);
}

#[test]
fn an_even_kernel_pads_more_below_and_to_the_right() {
    let text = "struct Net(x: [2, 5, 4]) -> [1, 3, 3] {
        conv: Conv2d(1, kernel = 2, padding = Same, bias = false),
        forward { conv(x[(.., 0..3, 0..3)]) }
    }";
    let expected = [13.05, 8.1, 3.63, 10.08, 12.06, 6.24, 2.01, 6.24, 1.62];
    assert_close(&run(text, ramp(40, -0.5, 11), (-0.6, 13)), &expected);
}

#[test]
fn padding_never_wins_a_pool() {
    let text = "struct Net(x: [2, 5, 4]) -> [2, 3, 5] { MaxPool2d((3, 2), stride = (2, 1), padding = (1, 1)) }";
    let expected = [
        2.2, 2.2, 2.5, 2.5, 0.7, 2.2, 2.5, 2.5, 2.2, 2.2, 1.0, 2.5, 2.5, 2.2, 2.2, 2.5, 2.5, 2.2,
        2.2, 1.0, 2.5, 2.5, 2.2, 2.5, 2.5, 1.3, 2.2, 2.2, 2.5, 2.5,
    ];
    assert_close(&run(text, ramp(40, -0.5, 11), (0.0, 1)), &expected);
}

#[test]
fn lstm_stacks_levels() {
    let y = run(
        "struct Net(x: [3, 3]) -> [3, 2] { Lstm(2, layers = 2) }",
        ramp(9, -0.5, 7),
        (-0.8, 11),
    );
    let expected = [
        0.113122108762,
        0.235170717255,
        0.224373157237,
        0.570449402687,
        0.381704770192,
        0.8021708226,
    ];
    assert_close(&y, &expected);
}

#[test]
fn functions_of_numbers_and_rows() {
    let check = |kind: &str, expected: &[f64]| {
        assert_close(
            &run(
                &format!("struct Net(x: [2, 3]) -> [2, 3] {{ {kind} }}"),
                ramp(6, -0.7, 7),
                (0.0, 1),
            ),
            expected,
        );
    };
    check("Relu", &[0.0, 0.8, 0.2, 0.0, 1.1, 0.5]);
    check(
        "Sigmoid",
        &[
            0.331812227832,
            0.689974481128,
            0.549833997312,
            0.401312339888,
            0.750260105595,
            0.622459331202,
        ],
    );
    check(
        "Tanh",
        &[
            -0.604367777117,
            0.664036770268,
            0.197375320225,
            -0.379948962255,
            0.800499021761,
            0.46211715726,
        ],
    );
    check(
        "Softmax",
        &[
            0.125924091086,
            0.564352622711,
            0.309723286204,
            0.125924091086,
            0.564352622711,
            0.309723286204,
        ],
    );
    check(
        "LogSoftmax",
        &[
            -2.072076005279,
            -0.572076005279,
            -1.172076005279,
            -2.072076005279,
            -0.572076005279,
            -1.172076005279,
        ],
    );
    for noise in [
        "Dropout(0.5)",
        "SpatialDropout(0.5)",
        "AlphaDropout(0.5)",
        "GaussianDropout(0.5)",
        "GaussianNoise(0.5)",
        "StochasticDepth(0.5)",
    ] {
        check(noise, &ramp(6, -0.7, 7));
    }
}

#[test]
fn axes_are_joined_and_cut() {
    let text = "struct Net(a: [2, 3], b: [2, 1]) -> ([2, 4], [3], [2, 2], [2, 3]) {
        last: Last,
        forward {
            let joined = concat(a, b, axis = 1);
            (joined, last(a), joined[(.., 2..4)], a * a - (a + a))
        }
    }";
    let graph = graph(text);
    let outputs =
        Reference::new(&graph).forward(&[vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![7.0, 8.0]]);
    assert_eq!(outputs[0], [1.0, 2.0, 3.0, 7.0, 4.0, 5.0, 6.0, 8.0]);
    assert_eq!(outputs[1], [4.0, 5.0, 6.0]);
    assert_eq!(outputs[2], [3.0, 7.0, 6.0, 8.0]);
    assert_eq!(outputs[3], [-1.0, 0.0, 3.0, 8.0, 15.0, 24.0]);
}

#[test]
fn losses_and_penalties() {
    let (a, b) = (ramp(6, -0.7, 7), ramp(3, -0.7, 7));
    assert_close(
        &[cross_entropy(&b, 2), mse(&a[..3], &a[3..])],
        &[1.172076005279, 0.09],
    );
    let graph = graph("struct Net(x: [2]) -> [1] { fc: Dense(1, l1 = 0.5, l2 = 0.25) }");
    let mut reference = Reference::new(&graph);
    reference
        .parameters
        .insert("fc.weight".into(), vec![-2.0, 4.0]);
    assert_close(&[reference.penalty()], &[0.5 * 6.0 + 0.25 * 20.0]);
}

#[test]
fn slopes_are_gradients() {
    let graph = graph("struct Net(x: [3]) -> [2] { fc: Dense(2), Tanh }");
    let mut reference = Reference::new(&graph);
    reference
        .parameters
        .insert("fc.weight".into(), ramp(6, -0.7, 7));
    reference
        .parameters
        .insert("fc.bias".into(), ramp(2, -0.7, 7));
    let input = [ramp(3, -0.4, 7)];
    let loss = |outputs: &[Vec<f64>]| cross_entropy(&outputs[0], 1);
    let by_weight =
        |index| reference.parameter_slope("fc.weight", index, |moved| loss(&moved.forward(&input)));
    let by_bias =
        |index| reference.parameter_slope("fc.bias", index, |moved| loss(&moved.forward(&input)));
    let by_input = |index| reference.input_slope(&input, (0, index), loss);
    // The gradient's product with 1, -1, 1, ... by the numbers below.
    let along = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
    let slope =
        reference.direction_slope("fc.weight", &along, |moved| loss(&moved.forward(&input)));
    assert!(
        (slope.value + 0.296186186).abs() < 1e-8 && slope.doubt < 1e-4,
        "{slope:?}"
    );
    let slopes = (0..6)
        .map(by_weight)
        .chain((0..2).map(by_bias))
        .chain((0..3).map(by_input));
    let expected = [
        -0.113703282552,
        0.312684027019,
        0.142129103191,
        0.004771191712,
        -0.013120777207,
        -0.00596398964,
        0.284258206381,
        -0.011927979279,
        -0.194209552755,
        0.214285787898,
        0.050887651637,
    ];
    for (slope, expected) in slopes.zip(expected) {
        assert!(
            (slope.value - expected).abs() < 1e-9,
            "{slope:?} is not {expected}"
        );
        assert!(slope.doubt < 1e-4, "{slope:?}");
    }
}

#[test]
fn a_kink_is_doubted() {
    let graph = graph("struct Net(x: [1]) -> [1] { Relu }");
    let slope = Reference::new(&graph).input_slope(&[vec![0.0]], (0, 0), |outputs| outputs[0][0]);
    assert!(
        (slope.value - 0.5).abs() < 1e-9 && (slope.doubt - 0.5).abs() < 1e-9,
        "{slope:?}"
    );
}

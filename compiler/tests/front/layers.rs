//! Every layer's shapes, parameters and operations.

use super::{graph, message, shapes};
use kiln_compiler::graph::{Graph, Init};

/// The shape that one layer gives.
#[track_caller]
fn gives(input: &[usize], layer: &str, output: &[usize]) -> Graph {
    let graph = graph(&format!(
        "struct A(x: {input:?}) -> {output:?} {{ {layer} }}"
    ));
    assert_eq!(shapes(&graph).last(), Some(&output));
    graph
}

#[track_caller]
fn fails(input: &[usize], layer: &str) -> String {
    message(&format!("struct A(x: {input:?}) -> [1] {{ {layer} }}"))
}

/// Names, shapes and beginnings of the first layer's parameters.
fn parameters(graph: &Graph) -> Vec<(&str, &[usize], Init)> {
    let parameters = graph.layers[0].parameters.iter();
    parameters
        .map(|p| (p.name.as_str(), p.shape.as_slice(), p.init.clone()))
        .collect()
}

fn flops(graph: &Graph) -> u64 {
    let shape = |id: kiln_compiler::graph::ValueId| graph.values[id.0].shape.as_slice();
    let flops = graph.nodes.iter().map(|node| {
        let inputs: Vec<&[usize]> = node.inputs.iter().map(|&input| shape(input)).collect();
        node.op.flops(&inputs, shape(node.output))
    });
    flops.sum()
}

#[test]
fn dense() {
    let graph = gives(&[4], "Dense(10)", &[10]);
    let half = Init::Uniform(0.5);
    assert_eq!(
        parameters(&graph),
        [
            ("weight", &[10, 4][..], half.clone()),
            ("bias", &[10], half)
        ]
    );
    assert_eq!(flops(&graph), 90);
    assert_eq!(
        gives(&[4], "Dense(10, bias = false)", &[10]).layers[0]
            .parameters
            .len(),
        1
    );
    gives(&[7, 4], "Dense(4, 10)", &[7, 10]);
    gives(&[7, 4], "Dense(outputs = 10, inputs = 4)", &[7, 10]);
    assert_eq!(
        fails(&[16, 4, 4], "fc: Dense(256, 10)"),
        "`fc` is declared for 256 inputs, but `x` gives [16, 4, 4]; put `Flatten` before it, which gives 256"
    );
    assert_eq!(
        fails(&[16, 4, 4], "Dense(10)"),
        "`Dense` takes a vector [F] or a sequence [T, F], but `x` gives [16, 4, 4]; \
         put `Flatten` before it, which gives 256"
    );
    assert_eq!(
        fails(&[100], "fc: Dense(784, 10)"),
        "`fc` is declared for 784 inputs, but `x` gives [100]; leave the number out and it is inferred"
    );
}

#[test]
fn beginnings_and_penalties() {
    let init = |word: &str| {
        let graph = gives(
            &[6],
            &format!("Dense(18, init = {word}, l1 = 1, l2 = 1e-4)"),
            &[18],
        );
        let weight = &graph.layers[0].parameters[0];
        assert_eq!((weight.l1, weight.l2), (1.0, 1e-4));
        let bias = &graph.layers[0].parameters[1];
        assert_eq!((bias.l1, bias.l2), (0.0, 0.0));
        weight.init.clone()
    };
    assert_eq!(init("KaimingUniform"), Init::Uniform(1.0));
    assert_eq!(init("KaimingNormal"), Init::Normal((1.0f64 / 3.0).sqrt()));
    assert_eq!(init("XavierUniform"), Init::Uniform(0.5));
    assert_eq!(init("XavierNormal"), Init::Normal((1.0f64 / 12.0).sqrt()));
    assert_eq!(init("Zeros"), Init::Constant(0.0));
    assert_eq!(init("Ones"), Init::Constant(1.0));
    assert_eq!(init("Constant(-4.5)"), Init::Constant(-4.5));
    assert_eq!(init("LeCunUniform"), Init::Uniform(0.5f64.sqrt()));
    let Init::TruncatedNormal(std, [low, high]) = init("LeCunNormal") else {
        panic!("it is cut")
    };
    // Keras: sqrt(1 / 6) / .87962566103423978.
    assert!((std - 0.464_115_94).abs() < 1e-8 && (low, high) == (-2.0 * std, 2.0 * std));
    assert_eq!(
        init("KaimingNormal(mode = FanOut)"),
        Init::Normal((1.0f64 / 9.0).sqrt())
    );
    assert_eq!(init("XavierUniform(2)"), Init::Uniform(1.0));
    assert_eq!(init("Uniform(-0.1, 0.2)"), Init::Between(-0.1, 0.2));
    assert_eq!(
        init("Uniform(high = 0.2, low = -0.1)"),
        Init::Between(-0.1, 0.2)
    );
    assert_eq!(init("Normal(0.02)"), Init::Normal(0.02));
    assert_eq!(
        init("TruncatedNormal(0.5)"),
        Init::TruncatedNormal(0.5, [-2.0, 2.0])
    );
    assert_eq!(
        init("TruncatedNormal(0.5, high = 1)"),
        Init::TruncatedNormal(0.5, [-2.0, 1.0])
    );
    assert_eq!(init("Orthogonal"), Init::Orthogonal(1.0));
    assert_eq!(init("Orthogonal(1.4)"), Init::Orthogonal(1.4));
    assert_eq!(init("Orthogonal(gain = 0.01)"), Init::Orthogonal(0.01));
    // What `torch.nn.init.calculate_gain` gives.
    for (word, gain) in [
        ("Linear", 1.0),
        ("Sigmoid", 1.0),
        ("Tanh", 5.0 / 3.0),
        ("Relu", std::f64::consts::SQRT_2),
        ("LeakyRelu", 1.4141428569978354),
        ("LeakyRelu(0.2)", 1.3867504905630728),
        ("LeakyRelu(slope = 1)", 1.0),
        ("Selu", 0.75),
    ] {
        let Init::Orthogonal(found) = init(&format!("Orthogonal({word})")) else {
            panic!("{word}")
        };
        assert!((found - gain).abs() < 1e-15, "{word}: {found}");
    }
}

#[test]
fn biases_gates_and_limits() {
    let graph = gives(
        &[6],
        "Dense(18, init = Ones, bias_init = Constant(0.1), max_norm = 3)",
        &[18],
    );
    let found = parameters(&graph);
    assert_eq!(found[0].2, Init::Constant(1.0));
    assert_eq!(found[1].2, Init::Constant(0.1));
    let limits = graph.layers[0].parameters.iter().map(|it| it.max_norm);
    assert_eq!(limits.collect::<Vec<_>>(), [Some(3.0), None]);

    let graph = gives(
        &[28, 9],
        "Lstm(4, init = XavierUniform, recurrent_init = Orthogonal, forget_bias = 1, max_norm = 2, layers = 2)",
        &[28, 4],
    );
    let found = parameters(&graph);
    let quarters = |forget: f64| {
        let half = || Init::Uniform(0.5);
        Init::Parts(vec![half(), Init::Constant(forget), half(), half()])
    };
    for level in [0, 4] {
        let [ih, hh, bias_ih, bias_hh] = &found[level..level + 4] else {
            panic!("four")
        };
        assert!(matches!(ih.2, Init::Uniform(_)));
        assert_eq!(hh.2, Init::Orthogonal(1.0));
        assert_eq!((&bias_ih.2, &bias_hh.2), (&quarters(1.0), &quarters(0.0)));
    }
    let limits = graph.layers[0]
        .parameters
        .iter()
        .map(|it| it.max_norm.is_some());
    assert_eq!(limits.filter(|limited| *limited).count(), 4);

    let graph = gives(
        &[4],
        "g: crate::Gain(w: [4, 3], bias: [3], v: [2] = 1.5, init = Orthogonal(2), bias_init = Ones, max_norm = 1) -> [3]",
        &[3],
    );
    let beginnings: Vec<_> = graph.layers[0]
        .parameters
        .iter()
        .map(|it| &it.init)
        .collect();
    assert_eq!(
        beginnings,
        [
            &Init::Orthogonal(2.0),
            &Init::Constant(1.0),
            &Init::Constant(1.5)
        ]
    );
}

#[test]
fn conv2d() {
    let graph = gives(&[1, 28, 28], "Conv2d(32, 3)", &[32, 26, 26]);
    let third = Init::Uniform(1.0 / 3.0);
    assert_eq!(
        parameters(&graph),
        [
            ("weight", &[32, 1, 3, 3][..], third.clone()),
            ("bias", &[32], third)
        ]
    );
    assert_eq!(flops(&graph), 32 * 26 * 26 * 19);
    gives(
        &[1, 28, 28],
        "Conv2d(8, kernel = (3, 5), padding = (1, 2))",
        &[8, 28, 28],
    );
    gives(&[9, 4], "Conv1d(8, 3, padding = (2, 1))", &[10, 8]);
    gives(&[9, 4], "Conv1d(8, 3, padding = Same, stride = 2)", &[5, 8]);
    gives(
        &[9, 4],
        "Conv1d(8, 3, padding = Causal, dilation = 4)",
        &[9, 8],
    );
    gives(
        &[1, 28, 28],
        "Conv2d(8, [3, 5], stride = 2, padding = 1)",
        &[8, 14, 13],
    );
    gives(&[1, 28, 28], "Conv2d(8, 4, padding = Same)", &[8, 28, 28]);
    gives(
        &[1, 28, 28],
        "Conv2d(8, 4, padding = Same, dilation = 3)",
        &[8, 28, 28],
    );
    gives(&[1, 28, 28], "Conv2d(8, 5, padding = Valid)", &[8, 24, 24]);
    gives(
        &[1, 28, 25],
        "Conv2d(8, 3, padding = Same, stride = (3, 2))",
        &[8, 10, 13],
    );
    gives(
        &[1, 3, 2],
        "Conv2d(8, 7, padding = Same, stride = 5)",
        &[8, 1, 1],
    );
    gives(
        &[1, 28, 28],
        "Conv2d(8, 3, padding = ((1, 2), (0, 3)))",
        &[8, 29, 29],
    );
    gives(
        &[1, 28, 28],
        "Conv2d(8, 3, padding = [1, (0, 3)])",
        &[8, 28, 29],
    );
    gives(
        &[3, 28, 28],
        "Conv2d(8, 3, inputs = 3, dilation = 2, bias = false)",
        &[8, 24, 24],
    );
    assert_eq!(
        fails(&[3, 8, 8], "stem: Conv2d(8, 3, inputs = 4)"),
        "`stem` is declared for 4 input channels, but `x` gives [3, 8, 8], which has 3; \
         leave `inputs` out and it is inferred"
    );
    assert_eq!(
        fails(&[28, 28], "Conv2d(8, 3)"),
        "`Conv2d` takes an image [channels, height, width], but `x` gives [28, 28]; \
         put `Reshape(1, 28, 28)` before it, for one channel"
    );
}

#[test]
fn a_kernel_larger_than_its_input_shows_the_arithmetic() {
    let start = "the kernel of `Conv2d` is larger than its input: `x` gives";
    for (layer, arithmetic) in [
        (
            "Conv2d(8, 5)",
            "its height of 4 is less than 5; one of at most 4 fits",
        ),
        (
            "Conv2d(8, (3, 7))",
            "its width of 6 is less than 7; one of at most 6 fits",
        ),
        (
            "Conv2d(8, 8, padding = 1)",
            "its height of 4 + 1 + 1 (padding) = 6 is less than 8; one of at most 6 fits",
        ),
        (
            "Conv2d(8, 3, dilation = 2)",
            "its height of 4 is less than 2 * (3 - 1) + 1 = 5 (kernel 3, dilation 2); one of at most 2 fits",
        ),
    ] {
        assert_eq!(
            fails(&[1, 4, 6], layer),
            format!("{start} [1, 4, 6], and {arithmetic}")
        );
    }
}

#[test]
fn pools_of_images() {
    gives(&[3, 9, 9], "MaxPool2d(2)", &[3, 4, 4]);
    gives(&[3, 9, 9], "MaxPool2d(3, 2, padding = 1)", &[3, 5, 5]);
    gives(&[3, 9, 9], "MaxPool2d((3, 2), stride = 1)", &[3, 7, 8]);
    gives(&[3, 9, 9], "MaxPool2d(3, dilation = (2, 3))", &[3, 2, 1]);
    gives(&[3, 9, 9], "MaxPool2d(2, ceil_mode = true)", &[3, 5, 5]);
    // The last window would begin behind the image.
    gives(
        &[3, 9, 9],
        "AvgPool2d(2, stride = 3, ceil_mode = true)",
        &[3, 3, 3],
    );
    gives(
        &[3, 4, 4],
        "AvgPool2d(5, stride = 2, ceil_mode = true)",
        &[3, 1, 1],
    );
    gives(&[3, 7, 9], "AdaptiveAvgPool2d((3, 9))", &[3, 3, 9]);
    gives(&[3, 7, 9], "AdaptiveMaxPool2d(12)", &[3, 12, 12]);
    gives(&[3, 7, 9], "GlobalMaxPool", &[3]);
    let start = "the kernel of `MaxPool2d` is larger than its input: `x` gives";
    for (shape, layer, rest) in [
        (
            &[3, 1, 9],
            "MaxPool2d(2)",
            "[3, 1, 9], and its height of 1 is less than 2; one of at most 1 fits",
        ),
        (
            &[3, 9, 4],
            "MaxPool2d((2, 4), padding = (0, 1), dilation = (1, 2))",
            "[3, 9, 4], and its width of 4 + 1 + 1 (padding) = 6 is less than 2 * (4 - 1) + 1 = 7 (kernel 4, dilation 2); \
             one of at most 3 fits",
        ),
        (
            &[9, 9, 3],
            "MaxPool2d(5, stride = 2, ceil_mode = true)",
            "[9, 9, 3], and its width of 3 is less than 5; one of at most 3 fits, and an image is [channels, height, width]",
        ),
    ] {
        assert_eq!(fails(shape, layer), format!("{start} {rest}"));
    }
    assert_eq!(
        fails(&[3, 2, 9], "MaxPool2d(2, padding = 1, dilation = 3)"),
        "the first window of `MaxPool2d` sees nothing of its input: `x` gives [3, 2, 9], and of positions from -1 in steps of 3 \
         none is below 2, its height; make the dilation or the padding smaller"
    );
}

#[test]
fn pools_of_sequences() {
    gives(&[9, 3], "MaxPool1d(2)", &[4, 3]);
    gives(&[9, 3], "MaxPool1d(3, 2, 1, dilation = 2)", &[4, 3]);
    gives(
        &[9, 3],
        "AvgPool1d(2, ceil_mode = true, count_include_pad = false)",
        &[5, 3],
    );
    gives(&[9, 3], "AdaptiveAvgPool1d(4)", &[4, 3]);
    gives(&[9, 3], "AdaptiveMaxPool1d(1)", &[1, 3]);
    gives(&[9, 3], "GlobalAvgPool", &[3]);
    assert_eq!(
        fails(&[3, 9], "MaxPool1d(4)"),
        "the kernel of `MaxPool1d` is larger than its input: `x` gives [3, 9], and its number of steps of 3 is less than 4; \
         one of at most 3 fits, and a sequence is [time, features]"
    );
    assert_eq!(
        fails(&[28, 9], "pool: AvgPool2d(2)"),
        "`pool` takes an image [channels, height, width], but `x` gives [28, 9]; `AvgPool1d` takes it as a sequence \
         [time, features], and `Reshape(1, 28, 9)` makes an image of it"
    );
    assert_eq!(
        fails(&[1, 28, 9], "AdaptiveMaxPool1d(2)"),
        "`AdaptiveMaxPool1d` takes a sequence [time, features], but `x` gives [1, 28, 9]; `AdaptiveMaxPool2d` takes images"
    );
    assert_eq!(
        fails(&[28], "GlobalAvgPool"),
        "`GlobalAvgPool` takes an image [channels, height, width] or a sequence [time, features], but `x` gives [28]; \
         `Reshape(28, 1)` makes steps of one feature"
    );
}

#[test]
fn pools_count_each_number_of_each_window() {
    assert_eq!(
        flops(&gives(&[3, 9, 9], "MaxPool2d(2)", &[3, 4, 4])),
        3 * 64
    );
    assert_eq!(
        flops(&gives(&[9, 3], "AvgPool1d(3, stride = 1)", &[7, 3])),
        63
    );
    assert_eq!(flops(&gives(&[5, 7, 9], "GlobalAvgPool", &[5])), 315);
    // 0..3, 2..5, 4..7 and 0..3, 2..5, 4..7, 6..9.
    assert_eq!(
        flops(&gives(&[5, 7, 9], "AdaptiveAvgPool2d((3, 4))", &[5, 3, 4])),
        5 * 9 * 12
    );
}

#[test]
fn upsample() {
    gives(&[3, 4, 5], "Upsample(2)", &[3, 8, 10]);
    gives(&[3, 4, 5], "Upsample((1.5, 2.3))", &[3, 6, 11]);
    gives(
        &[3, 4, 5],
        "Upsample(scale = 0.5, mode = NearestExact)",
        &[3, 2, 2],
    );
    gives(
        &[3, 4, 5],
        "Upsample(size = (7, 9), mode = Bilinear, align_corners = true)",
        &[3, 7, 9],
    );
    gives(&[4, 5], "Upsample(size = 7, mode = Linear)", &[7, 5]);
    gives(&[49, 1], "Upsample(0.020408163265306124)", &[1, 1]);
    for (shape, layer, message) in [
        (
            &[3, 2, 9][..],
            "up: Upsample(0.25)",
            "`up` leaves nothing of its input: `x` gives [3, 2, 9], and floor(2 * 0.25) = 0 for its height; \
             a scale of at least 0.5 leaves one",
        ),
        (
            &[3, 49, 9],
            "Upsample(0.02)",
            "`Upsample` leaves nothing of its input: `x` gives [3, 49, 9], and floor(49 * 0.02) = 0 for its height; \
             a scale of at least 0.020408163265306124 leaves one",
        ),
        (
            &[3, 4, 5],
            "Upsample(2, mode = Linear)",
            "`Upsample` interpolates between steps of a sequence [time, features], but `x` gives [3, 4, 5]; \
             `mode = Bilinear` is for images",
        ),
        (
            &[4, 5],
            "Upsample(2, mode = Bilinear)",
            "`Upsample` interpolates between pixels of an image [channels, height, width], but `x` gives [4, 5]; \
             `mode = Linear` is for sequences",
        ),
        (
            &[4, 5],
            "Upsample((2, 3))",
            "`Upsample` has a number for rows and one for columns, but `x` gives [4, 5], a sequence [time, features], \
             which takes one; `Reshape` makes an image of it",
        ),
        (
            &[4],
            "Upsample(2)",
            "`Upsample` takes an image [channels, height, width] or a sequence [time, features], but `x` gives [4]; \
             put `Reshape` before it",
        ),
    ] {
        assert_eq!(fails(shape, layer), message);
    }
}

#[test]
fn pools_of_any_size_overflow_nothing() {
    for arguments in [
        "2147483648, padding = 1073741824",
        "(1, 2147483648), stride = 2147483648",
        "2, dilation = 2147483648",
        "2, stride = 2147483648, ceil_mode = true",
    ] {
        let whole = format!("struct A(x: [1, 9, 9]) -> [1, 1, 1] {{ MaxPool2d({arguments}) }}");
        let _ = kiln_compiler::graphs(whole.parse().unwrap());
    }
}

#[test]
fn pad() {
    gives(&[3, 4, 5], "Pad(2)", &[3, 8, 9]);
    gives(&[3, 4, 5], "Pad((1, 2))", &[3, 6, 9]);
    gives(&[3, 4, 5], "Pad(((1, 2), (0, 3)))", &[3, 7, 8]);
    gives(&[3, 4, 5], "Pad((1, [0, 3]))", &[3, 6, 8]);
    gives(&[4, 5], "Pad((1, 2))", &[7, 5]);
    gives(&[4], "Pad((3, 2), mode = Reflect)", &[9]);
    gives(&[4], "Pad((4, 2), mode = Circular)", &[10]);
    let graph = gives(
        &[1, 1, 1],
        "Pad(9, mode = Constant, value = -0.5)",
        &[1, 19, 19],
    );
    assert_eq!(flops(&graph), 0);
    let fails = |shape: &[usize], layer: &str| fails(shape, &format!("edge: {layer}"));
    assert_eq!(
        fails(&[3, 4, 5], "Pad(((1, 4), 0), mode = Reflect)"),
        "`edge` reflects 4 rows below, but `x` gives [3, 4, 5], whose height has 4 - 1 = 3 beside the edge; \
         pad 3 at most, or write `Replicate`"
    );
    assert_eq!(
        fails(&[3, 4, 5], "Pad((1, 6), mode = Circular)"),
        "`edge` wraps 6 columns to the left, but `x` gives [3, 4, 5], whose width is 5; \
         pad 5 at most, or write `Replicate`"
    );
    assert_eq!(
        fails(&[4, 2], "Pad((0, 4), mode = Reflect)"),
        "`edge` reflects 4 steps behind the last, but `x` gives [4, 2], whose length has 4 - 1 = 3 beside the edge; \
         pad 3 at most, or write `Replicate`"
    );
    assert_eq!(
        fails(&[4, 2], "Pad(((1, 2), (0, 3)))"),
        "`edge` pads height and width, but `x` gives [4, 2], which has one axis to pad; write `(before, after)`"
    );
    assert_eq!(
        fails(&[2, 3, 4, 5], "Pad(1)"),
        "`edge` pads an image [channels, height, width], a sequence or a vector, but `x` gives [2, 3, 4, 5]; \
         put `Reshape` before it"
    );
    assert_eq!(
        fails(&[3, 4, 5], "Pad(2147483648)"),
        "`edge` is [3, 4294967300, 4294967301], 55340232337092771900 numbers; a tensor has at most 2147483648, \
         so make a size smaller"
    );
}

#[test]
fn padding_modes_are_levels_of_one_layer() {
    let layer = "stem: Conv2d(8, 3, padding = Same, stride = 2, padding_mode = Reflect)";
    let graph = gives(&[3, 9, 8], layer, &[8, 5, 4]);
    assert_eq!(shapes(&graph), [[3, 11, 9], [8, 5, 4]]);
    let plain = gives(
        &[3, 9, 8],
        &layer.replace(", padding_mode = Reflect", ""),
        &[8, 5, 4],
    );
    assert_eq!(parameters(&graph), parameters(&plain));
    assert_eq!(flops(&graph), flops(&plain));
    assert_eq!(graph.layers.len(), 1);
    assert_eq!(graph.nodes[0].layer, graph.nodes[1].layer);
    assert_eq!(graph.nodes[0].parameters, [0_usize; 0]);
    assert_eq!(graph.nodes[1].parameters, [0, 1]);
    // What needs no padding has none.
    let graph = gives(
        &[3, 9, 8],
        "Conv2d(8, 3, padding_mode = Circular)",
        &[8, 7, 6],
    );
    assert_eq!(graph.nodes.len(), 1);
    gives(
        &[9, 3],
        "Conv1d(8, 3, padding = Causal, padding_mode = Replicate)",
        &[9, 8],
    );
    assert_eq!(
        fails(
            &[3, 4, 8],
            "stem: Conv2d(8, 9, padding = 4, padding_mode = Reflect)"
        ),
        "`stem` reflects 4 rows above, but `x` gives [3, 4, 8], whose height has 4 - 1 = 3 beside the edge; \
         pad 3 at most, or write `Replicate`"
    );
    // Other mistakes are told as they are without a mode.
    assert_eq!(
        fails(
            &[3, 4, 8],
            "stem: Conv2d(8, 9, padding = 1, padding_mode = Reflect)"
        ),
        fails(&[3, 4, 8], "stem: Conv2d(8, 9, padding = 1)")
    );
    assert_eq!(
        fails(
            &[3, 4, 8],
            "stem: Conv2d(8, 3, padding = 1, padding_mode = Reflect, inputs = 4)"
        ),
        fails(&[3, 4, 8], "stem: Conv2d(8, 3, padding = 1, inputs = 4)")
    );
}

#[test]
fn lstm_levels_are_nodes_of_one_layer() {
    let graph = gives(&[28, 9], "rnn: Lstm(4, layers = 2)", &[28, 4]);
    assert_eq!(shapes(&graph), [[28, 4], [28, 4]]);
    let half = || Init::Uniform(0.5);
    assert_eq!(
        parameters(&graph),
        [
            ("weight_ih_l0", &[16, 9][..], half()),
            ("weight_hh_l0", &[16, 4], half()),
            ("bias_ih_l0", &[16], half()),
            ("bias_hh_l0", &[16], half()),
            ("weight_ih_l1", &[16, 4], half()),
            ("weight_hh_l1", &[16, 4], half()),
            ("bias_ih_l1", &[16], half()),
            ("bias_hh_l1", &[16], half()),
        ]
    );
    assert_eq!(graph.nodes[0].parameters, [0, 1, 2, 3]);
    assert_eq!(graph.nodes[1].parameters, [4, 5, 6, 7]);
    assert_eq!(graph.nodes[0].layer, graph.nodes[1].layer);
    assert_eq!(
        flops(&graph),
        28 * 4 * (4 * (2 * 13 + 2) + 9 + 4 * (2 * 8 + 2) + 9)
    );
}

#[test]
fn lstm() {
    gives(&[28, 9], "Lstm(9, 4, bias = false)", &[28, 4]);
    assert_eq!(
        fails(&[16], "Lstm(4)"),
        "`Lstm` takes a sequence [time, features], but `x` gives [16], which has no time; \
         `Reshape(1, 16)` makes it one step"
    );
    assert_eq!(
        fails(&[1, 28, 28], "Lstm(4)"),
        "`Lstm` takes a sequence [time, features], but `x` gives [1, 28, 28]; \
         put `Reshape(28, 28)` before it to read row by row"
    );
    assert_eq!(
        fails(&[5, 16], "Lstm(8, 4, layers = 2)"),
        "`Lstm` is declared for 8 features, but `x` gives [5, 16], which has 16; \
         leave the number out and it is inferred"
    );
}

#[test]
fn last() {
    gives(&[28, 9], "Last", &[9]);
    assert_eq!(
        fails(&[9], "Last"),
        "`Last` takes the last step of a sequence [time, features], but `x` gives [9], which has no time; leave it out, for there is one step only"
    );
}

#[test]
fn flatten_and_reshape() {
    gives(&[3, 4, 5], "Flatten", &[60]);
    gives(&[60], "Reshape(3, 4, 5)", &[3, 4, 5]);
    gives(&[60], "Reshape([6, 10])", &[6, 10]);
    gives(&[60], "Reshape(shape = [60])", &[60]);
    assert_eq!(
        fails(&[100], "Reshape(4, 7, 7)"),
        "`Reshape` makes 4 * 7 * 7 = 196 numbers, but `x` gives [100], which has 100; choose sizes whose product is that"
    );
    assert_eq!(
        fails(&[100], "Reshape([])"),
        "a shape has at least one size"
    );
}

#[test]
fn shapes_that_stay() {
    let noise = [
        "Dropout(0.5)",
        "AlphaDropout(0.5)",
        "GaussianDropout(0.5)",
        "GaussianNoise(0.5)",
        "StochasticDepth(0.5)",
    ];
    for layer in noise.into_iter().chain(["Relu", "Sigmoid", "Tanh"]) {
        for shape in [&[5][..], &[5, 6], &[5, 6, 7]] {
            gives(shape, layer, shape);
        }
    }
}

#[test]
fn whole_channels_are_dropped_where_there_are_any() {
    gives(&[5, 6], "SpatialDropout(0.5)", &[5, 6]);
    gives(&[5, 6, 7], "SpatialDropout(0.5)", &[5, 6, 7]);
    assert_eq!(
        fails(&[6], "SpatialDropout(0.5)"),
        "`SpatialDropout` drops whole channels of an image [C, H, W] or features of a sequence [T, F], but `x` gives [6], \
         whose features are single numbers; `Dropout` drops those"
    );
}

#[test]
fn softmaxes() {
    for layer in ["Softmax", "LogSoftmax"] {
        gives(&[5], layer, &[5]);
        gives(&[4, 5], layer, &[4, 5]);
        assert_eq!(
            fails(&[2, 3, 4], layer),
            format!(
                "`{layer}` takes a vector [N] or a sequence [T, N], but `x` gives [2, 3, 4]; \
                 put `Flatten` before it, which gives 24"
            )
        );
    }
}

#[test]
fn operators_take_one_shape() {
    for (layer, sign) in [("Add", "+"), ("Sub", "-"), ("Mul", "*"), ("Div", "/")] {
        graph(&format!("struct A(a: [5], b: [5]) -> [5] {{ {layer} }}"));
        graph(&format!(
            "struct A(a: [5], b: [5]) -> [5] {{ forward {{ a {sign} b }} }}"
        ));
        assert_eq!(
            message(&format!(
                "struct A(a: [5], b: [6]) -> [5] {{ forward {{ a {sign} b }} }}"
            )),
            format!(
                "`{sign}` takes two tensors of one shape, or of size 1 where they differ, but `a` gives [5] and `b` gives [6], \
                 along axis 0 5 and 6; bring one to the other's shape"
            )
        );
        assert_eq!(
            fails(&[5], layer),
            format!(
                "`{layer}` takes 2 tensors, but gets 1; \
                 a layer of a chain takes what the one before gives, so say the dataflow in `forward`"
            )
        );
    }
}

#[test]
fn sizes_of_one_are_stretched() {
    for (a, b, output) in [
        ("[16, 8, 4]", "[16, 1, 1]", "[16, 8, 4]"),
        ("[16, 1, 4]", "[8, 1]", "[16, 8, 4]"),
        ("[5]", "[2, 3, 4, 5]", "[2, 3, 4, 5]"),
        ("[1]", "[7, 5]", "[7, 5]"),
        ("[3, 1]", "[1, 2]", "[3, 2]"),
    ] {
        for sign in ["+", "-", "*", "/"] {
            graph(&format!(
                "struct A(a: {a}, b: {b}) -> {output} {{ forward {{ a {sign} b }} }}"
            ));
        }
    }
    assert_eq!(
        message("struct A(a: [16, 8, 4], b: [16]) -> [5] { forward { a * b } }"),
        "`*` takes two tensors of one shape, or of size 1 where they differ, but `a` gives [16, 8, 4] and `b` gives [16], \
         aligned from the last, along axis 2 4 and 16; \
         channels are the first axis of an image, so bring `b` to [16, 1, 1] by `reshape`"
    );
    assert_eq!(
        message("struct A(a: [7, 5], b: [3, 5]) -> [5] { forward { a / b } }"),
        "`/` takes two tensors of one shape, or of size 1 where they differ, but `a` gives [7, 5] and `b` gives [3, 5], \
         along axis 0 7 and 3; bring one to the other's shape"
    );
}

#[test]
fn numbers_stand_beside_tensors() {
    let value = |forward: &str| {
        let source =
            format!("struct A(x: [5]) -> [5] {{ const N: usize = 3; forward {{ {forward} }} }}");
        match kiln_compiler::graphs(source.parse().unwrap()) {
            Ok(graphs) => format!("{:?}", graphs[0].nodes[0].op),
            Err(_) => message(&source),
        }
    };
    let rescaling = |scale: f64, offset: f64| {
        format!("Rescaling(Rescaling {{ scale: {scale:?}, offset: {offset:?} }})")
    };
    assert_eq!(value("x + 0.5"), rescaling(1.0, 0.5));
    assert_eq!(value("2 + x"), rescaling(1.0, 2.0));
    assert_eq!(value("x - 0.5"), rescaling(1.0, -0.5));
    assert_eq!(value("x - -0.5"), rescaling(1.0, 0.5));
    assert_eq!(value("1 - x"), rescaling(-1.0, 1.0));
    assert_eq!(
        value("rescaling(x, -0.5, offset = N)"),
        rescaling(-0.5, 3.0)
    );
    assert_eq!(value("x / 4.0"), "Factor(Factor { factor: 0.25 })");
    assert_eq!(value("x / -8"), "Factor(Factor { factor: -0.125 })");
    assert_eq!(value("3 / x"), "Reciprocal(Reciprocal { numerator: 3.0 })");
    assert_eq!(
        value("reciprocal(x)"),
        "Reciprocal(Reciprocal { numerator: 1.0 })"
    );
    for divisor in ["0", "0.0", "1e-39"] {
        assert_eq!(
            value(&format!("x / {divisor}")),
            "a tensor is divided by a number whose inverse f32 can hold; 0 has none"
        );
    }
    assert_eq!(
        value("x + N"),
        "`N` is a constant, and a term is a single literal; write `rescaling(x, 1, offset = N)`"
    );
    assert_eq!(
        value("x / N"),
        "`N` is a constant, and a divisor is a single literal; write the number"
    );
    assert_eq!(
        value("N * x"),
        "`N` is a constant, and a factor is a single literal; write `factor(x, N)`"
    );
}

#[test]
fn axes_in_another_order() {
    gives(&[5, 18], "Transpose(0, 1)", &[18, 5]);
    gives(&[2, 3, 4, 5], "Transpose(3, 1)", &[2, 5, 4, 3]);
    gives(&[2, 3, 4], "Permute(2, 0, 1)", &[4, 2, 3]);
    gives(&[2, 3, 4], "Permute([1, 2, 0])", &[3, 4, 2]);
    gives(&[1, 18, 1], "Squeeze", &[18]);
    gives(&[1, 18, 1], "Squeeze(2)", &[1, 18]);
    gives(&[1, 18, 1, 2], "Squeeze(axis = (0, 2))", &[18, 2]);
    gives(&[1, 1], "Squeeze", &[1]);
    gives(&[5], "Unsqueeze(0)", &[1, 5]);
    gives(&[5, 2, 3], "Unsqueeze(3)", &[5, 2, 3, 1]);
    gives(&[8, 3, 5], "PixelShuffle(2)", &[2, 6, 10]);
    gives(&[1, 6, 9], "PixelUnshuffle(factor = 3)", &[9, 2, 3]);
    for (shape, layer, expected) in [
        (
            &[5, 18][..],
            "Transpose(0, 2)",
            "`Transpose` exchanges the axes 0 and 2, but `x` gives [5, 18], whose last axis is 1; axes count from 0",
        ),
        (
            &[5, 18],
            "Permute(0, 0)",
            "`Permute` orders the axes [0, 0], but `x` gives [5, 18], whose last axis is 1; name each axis once, from 0 on",
        ),
        (
            &[5, 18],
            "Squeeze(1)",
            "`Squeeze` drops axis 1, but `x` gives [5, 18], whose axis 1 has 18; an axis of size 1 is dropped",
        ),
        (
            &[5, 18],
            "Squeeze(2)",
            "`Squeeze` drops axis 2, but `x` gives [5, 18], whose last axis is 1; axes count from 0",
        ),
        (
            &[5, 18],
            "Unsqueeze(3)",
            "`Unsqueeze` makes axis 3, but `x` gives [5, 18]; a new axis is at most 2, behind all others",
        ),
        (
            &[2, 3, 4, 5],
            "Unsqueeze(0)",
            "`Unsqueeze` has the 5 axes [1, 2, 3, 4, 5], and a tensor has at most 4; `Reshape` makes one of several",
        ),
        (
            &[6, 4, 4],
            "PixelShuffle(2)",
            "`PixelShuffle` makes a pixel's square of 2 * 2 = 4 channels, but `x` gives [6, 4, 4], and 6 is no multiple of 4; \
             choose channels that are",
        ),
        (
            &[3, 4, 5],
            "PixelUnshuffle(2)",
            "`PixelUnshuffle` cuts an image into squares of 2 * 2 pixels, but `x` gives [3, 4, 5], and its width 5 is no \
             multiple of 2; choose a size that is",
        ),
    ] {
        assert_eq!(fails(shape, layer), expected);
    }
    fails(&[6, 4, 4], "PixelShuffle(2147483648)");
    fails(&[6, 4, 4], "PixelUnshuffle(2147483648)");
}

#[test]
fn reductions() {
    for kind in ["Mean", "Sum", "Max", "Min"] {
        gives(&[5, 18], kind, &[1]);
        gives(&[5, 18], &format!("{kind}(0)"), &[18]);
        gives(&[5, 18], &format!("{kind}(axis = 1)"), &[5]);
        gives(&[5, 18], &format!("{kind}(keepdim = true)"), &[1, 1]);
        gives(
            &[5, 18, 3],
            &format!("{kind}((1, 2), keepdim = true)"),
            &[5, 1, 1],
        );
        gives(&[5, 18, 3, 2], &format!("{kind}(axis = [0, 3])"), &[18, 3]);
        assert_eq!(
            fails(&[5, 18], &format!("{kind}(2)")),
            format!(
                "`{kind}` reduces axis 2, but `x` gives [5, 18], whose last axis is 1; axes count from 0"
            )
        );
        assert_eq!(
            fails(&[5, 18], &format!("{kind}([1, 1])")),
            format!("`{kind}` names axis 1 twice; name each axis once")
        );
    }
}

#[test]
fn concat() {
    graph("struct A(a: [5], b: [6]) -> [11] { Concat }");
    graph("struct A(a: [2, 5], b: [2, 6]) -> [2, 16] { forward { concat(a, b, a, axis = 1) } }");
    assert_eq!(
        message("struct A(a: [2, 5], b: [3, 6]) -> [5] { Concat(axis = 1) }"),
        "`Concat` joins along axis 1, where all other sizes agree, but `a` gives [2, 5] and `b` gives [3, 6]; bring them to one shape but for that axis"
    );
    assert_eq!(
        message("struct A(a: [2], b: [3]) -> [5] { Concat(axis = 1) }"),
        "`Concat` joins along axis 1, but `a` gives [2], whose last axis is 0; axes count from 0"
    );
    assert_eq!(
        fails(&[5], "Concat"),
        "`Concat` takes at least 2 tensors, but gets 1; a layer of a chain takes what the one before gives, so say the dataflow in `forward`"
    );
}

#[test]
fn slice() {
    gives(&[8, 9], "Slice(2..5)", &[3, 9]);
    gives(&[8, 9], "Slice(..=5, axis = 1)", &[8, 6]);
    gives(&[8, 9], "Slice(2..)", &[6, 9]);
}

//! Arguments: positional and named, and what is wrong with them.

use super::{message, messages};

const DENSE: &str = "`Dense(outputs, inputs = .., bias = true, init = Default, bias_init = Default, l1 = 0, l2 = 0, max_norm = .., rate = 1, frozen = false)`";

/// What is wrong with a layer in the place where a vector of 8 comes in.
fn wrong(layer: &str) -> Vec<String> {
    messages(&format!("struct A(x: [8]) -> [3] {{ {layer}, Dense(3) }}"))
}

/// What is wrong with a layer in the place where an image comes in.
#[track_caller]
fn wrong_on_image(layer: &str) -> String {
    message(&format!(
        "struct A(x: [3, 8, 8]) -> [3] {{ {layer}, Flatten, Dense(3) }}"
    ))
}

#[test]
fn a_missing_argument() {
    assert_eq!(
        wrong("Dense"),
        [format!("`Dense` needs `outputs`; it is written {DENSE}")]
    );
    assert_eq!(
        wrong_on_image("Conv2d(8)"),
        "`Conv2d` needs `kernel`; it is written `Conv2d(channels, kernel, stride = 1, padding = 0, dilation = 1, \
         padding_mode = Zeros, groups = 1, inputs = .., bias = true, init = Default, bias_init = Default, l1 = 0, l2 = 0, max_norm = .., rate = 1, frozen = false)`"
    );
}

#[test]
fn an_unknown_argument() {
    let expected = format!("`Dense` has no argument `gain`; it is written {DENSE}");
    assert_eq!(wrong("Dense(8, gain = 3)"), [expected]);
    let expected =
        format!("`Dense` has no argument `ouputs`; it is written {DENSE}; did you mean `outputs`?");
    assert_eq!(wrong("Dense(ouputs = 8)"), [expected]);
    let expected = "`Relu` has no argument `slope`; it is written `Relu` alone";
    assert_eq!(wrong("Relu(slope = 2)"), [expected]);
}

#[test]
fn a_repeated_argument() {
    assert_eq!(
        wrong("Dense(8, bias = true, bias = true)"),
        ["`bias` is given twice; drop one"]
    );
    assert_eq!(
        wrong("Dense(8, outputs = 8)"),
        ["`outputs` is given twice; drop one"]
    );
    assert_eq!(
        wrong("Dense(8, 8, inputs = 8)"),
        ["`inputs` is given twice; drop one"]
    );
}

#[test]
fn too_many_arguments() {
    let expected = "`Dense` takes only `inputs`, `outputs` without names; it is written \
                    `Dense(inputs, outputs, bias = true, init = Default, bias_init = Default, l1 = 0, l2 = 0, max_norm = .., rate = 1, frozen = false)`";
    assert_eq!(wrong("Dense(8, 8, 8)"), [expected]);
    let expected = "`Relu` takes no arguments without a name; it is written `Relu` alone";
    assert_eq!(wrong("Relu(3)"), [expected]);
    let expected = "`Dropout` takes only `p` without a name; it is written `Dropout(p)`";
    assert_eq!(wrong("Dropout(0.5, 3)"), [expected]);
}

#[test]
fn named_arguments_come_last() {
    let expected = "arguments without a name come before those with one";
    assert_eq!(wrong("Dense(bias = true, 8)"), [expected]);
}

#[test]
fn flags() {
    assert_eq!(wrong("Dense(8, bias = 1)"), ["`bias` is `true` or `false`"]);
}

#[test]
fn words() {
    let words = "`Default`, `KaimingUniform`, `KaimingNormal`, `XavierUniform`, `XavierNormal`, `LeCunUniform`, \
                 `LeCunNormal`, `Orthogonal`, `Uniform`, `Normal`, `TruncatedNormal`, `Constant`, `Zeros`, `Ones`";
    let expected = format!("`init` has the words {words}; did you mean `XavierNormal`?");
    assert_eq!(wrong("Dense(8, init = XaverNormal)"), [expected]);
    assert_eq!(
        wrong("Dense(8, init = 3)"),
        [format!("`init` has the words {words}")]
    );
    let expected = "`padding` has the words `Same`, `Valid`; did you mean `Same`?";
    assert_eq!(wrong_on_image("Conv2d(8, 3, padding = Sane)"), expected);
}

/// What is wrong with the argument `init`.
fn wrong_init(init: &str) -> Vec<String> {
    wrong(&format!("Dense(8, init = {init})"))
}

#[test]
fn initialisers_from_elsewhere() {
    for (theirs, ours) in [
        ("GlorotUniform", "XavierUniform"),
        ("glorot_uniform", "XavierUniform"),
        ("\"he_normal\"", "KaimingNormal"),
        ("RandomNormal(0.1)", "Normal"),
    ] {
        let word = theirs.split('(').next().unwrap_or(theirs).trim_matches('"');
        let expected = format!("`{word}` is called `{ours}` here; write `init = {ours}`");
        assert_eq!(wrong_init(theirs), [expected]);
    }
    // What was right but for its letters.
    for (near, word) in [
        ("orthogonal(1.4)", "Orthogonal"),
        ("LecunNormal", "LeCunNormal"),
    ] {
        let message = &wrong_init(near)[0];
        assert!(
            message.ends_with(&format!("did you mean `{word}`?")),
            "{message}"
        );
    }
    assert_eq!(
        wrong("Dense(8, kernel_initializer = Zeros)"),
        ["`kernel_initializer` is called `init` here; write `init = ..`"]
    );
    assert_eq!(
        wrong("Dense(8, kernel_constraint = 3)"),
        [
            "`Dense` has no argument `kernel_constraint`: write `max_norm = 3` for a limit of each output's incoming weights"
        ]
    );
}

#[test]
fn words_without_arguments() {
    for word in ["Zeros", "Ones", "Default", "LeCunNormal"] {
        let expected =
            format!("`{word}` takes no arguments without a name; it is written `{word}` alone");
        assert_eq!(wrong_init(&format!("{word}(1)")), [expected]);
    }
}

#[test]
fn the_number_of_an_initialiser_s_arguments() {
    let needs = |word: &str, missing: &str, written: &str| {
        format!("`{word}` needs `{missing}`; it is written `{word}({written})`")
    };
    assert_eq!(
        wrong_init("Constant"),
        [needs("Constant", "value", "value")]
    );
    assert_eq!(wrong_init("Normal()"), [needs("Normal", "std", "std")]);
    assert_eq!(
        wrong_init("Uniform(1)"),
        [needs("Uniform", "high", "low, high")]
    );
    assert_eq!(
        wrong_init("TruncatedNormal"),
        [needs(
            "TruncatedNormal",
            "std",
            "std, low = -2.0, high = 2.0"
        )]
    );
    assert_eq!(
        wrong_init("Normal(1, 0.02)"),
        ["`Normal` takes only `std` without a name; it is written `Normal(std)`"]
    );
    assert_eq!(
        wrong_init("Orthogonal(1.4, 2)"),
        ["`Orthogonal` takes only `gain` without a name; it is written `Orthogonal(gain = 1)`"]
    );
    assert_eq!(
        wrong_init("KaimingNormal(gian = 2)"),
        ["`KaimingNormal` has no argument `gian`; it is written \
          `KaimingNormal(gain = Relu, mode = FanIn)`; did you mean `gain`?"]
    );
    assert_eq!(
        wrong_init("XavierNormal(mode = FanOut)"),
        ["`XavierNormal` has no argument `mode`; it is written `XavierNormal(gain = 1)`"]
    );
}

#[test]
fn the_numbers_of_an_initialiser() {
    let std = "`std` is a number above 0 that f32 can hold, such as `0.02`";
    for number in ["0", "-1", "1e-60", "1e39", "N"] {
        assert_eq!(wrong_init(&format!("Normal({number})")), [std], "{number}");
        let truncated = format!("TruncatedNormal({number}, high = 3)");
        assert_eq!(wrong_init(&truncated), [std], "{number}");
    }
    for init in [
        "Uniform(1, 1)",
        "Uniform(high = 0, low = 1)",
        "TruncatedNormal(1, 1, 0.5)",
    ] {
        assert_eq!(
            wrong_init(init),
            ["`high` is above `low`, which is 1"],
            "{init}"
        );
    }
    assert_eq!(
        wrong_init("TruncatedNormal(0.02, 1)"),
        [
            "nearly nothing lies between 1 and 2, more than two deviations from 0; give limits that are nearer"
        ]
    );
    let gain = "`gain` is a number above 0 that f32 can hold, such as `1.4`, or the activation that follows, such as `Tanh`";
    for number in ["0", "-1", "1e-60", "1e39", "N"] {
        assert_eq!(
            wrong_init(&format!("Orthogonal({number})")),
            [gain],
            "{number}"
        );
    }
    assert_eq!(
        wrong_init("Orthogonal(Gelu)"),
        ["`gain` has the words `Linear`, `Sigmoid`, `Tanh`, `Relu`, `LeakyRelu`, `Selu`"]
    );
    assert_eq!(
        wrong_init("KaimingNormal(mode = In)"),
        ["`mode` has the words `FanIn`, `FanOut`"]
    );
    assert_eq!(
        wrong_init("Constant(1e39)"),
        ["`value` is a number that f32 can hold, such as `0.5`"]
    );
}

#[test]
fn beginnings_of_biases() {
    assert_eq!(
        wrong("Dense(8, bias_init = KaimingNormal)"),
        [
            "`bias_init` has the words `Default`, `Uniform`, `Normal`, `TruncatedNormal`, `Constant`, `Zeros`, `Ones`"
        ]
    );
    assert_eq!(
        wrong("Dense(8, bias = false, bias_init = Zeros)"),
        ["this layer has no biases; drop `bias_init`"]
    );
    let lstm = |arguments: &str| {
        message(&format!(
            "struct A(x: [4, 8]) -> [4, 3] {{ Lstm(3, {arguments}) }}"
        ))
    };
    assert_eq!(
        lstm("bias = false, forget_bias = 1"),
        "this layer has no biases; drop `forget_bias`"
    );
    assert_eq!(
        lstm("forget_bias = true"),
        "`forget_bias` is a number that f32 can hold, such as `1`"
    );
    let custom = |layer: &str| {
        message(&format!(
            "struct A(x: [8]) -> [8] {{ g: crate::Gain({layer}) -> [8] }}"
        ))
    };
    assert_eq!(
        custom("weight: [8], bias_init = Zeros"),
        "this layer has no biases; drop `bias_init`"
    );
    assert_eq!(
        custom("weight: [8, 8], gain: [8], init = Orthogonal(2)"),
        "`Orthogonal` makes matrices, but `gain` is a vector [8]; say how it begins, as in `gain: [8] = 1.0`"
    );
}

#[test]
fn limits() {
    let expected = "`max_norm` is a number above 0 that f32 can hold, such as `3`";
    for limit in ["0", "-3", "1e-60", "1e39", "NAN", "f32::NAN", "true"] {
        assert_eq!(
            wrong(&format!("Dense(8, max_norm = {limit})")),
            [expected],
            "{limit}"
        );
    }
}

#[test]
fn penalties() {
    let expected = "`l2` is a number that is not negative and that f32 can hold, such as `1e-4`";
    for penalty in ["-1", "-0.5", "1e39", "1e999", "true", "N"] {
        assert_eq!(
            wrong(&format!("Dense(8, l2 = {penalty})")),
            [expected],
            "{penalty}"
        );
    }
}

#[test]
fn probabilities() {
    let expected = "`p` is a probability, a number from 0 to 1 such as `0.5`";
    for probability in ["1.1", "1.00001", "-0.1", "2", "1 / 2"] {
        assert_eq!(
            wrong(&format!("Dropout({probability})")),
            [expected],
            "{probability}"
        );
    }
}

#[test]
fn pairs() {
    let expected = "expected one number, or two for height and width";
    assert_eq!(wrong_on_image("Conv2d(8, (3, 3, 3))"), expected);
    assert_eq!(
        wrong_on_image("Conv2d(8, (3, 0))"),
        "this size is 0; sizes are at least 1"
    );
    assert!(
        wrong_on_image("Conv2d(8, 3, padding = N)").starts_with("`N` is no constant of this model")
    );
}

#[test]
fn ranges() {
    let wrong = |range: &str| {
        message(&format!(
            "struct A(x: [8]) -> [3] {{ d: Dense(3), forward {{ d(x[{range}]) }} }}"
        ))
    };
    assert_eq!(
        wrong("3"),
        "a tensor is cut by ranges, which keep the axis; write `[3..4]`"
    );
    assert_eq!(
        wrong("5..3"),
        "`slice` takes 5..3, which is empty; a range begins before it ends"
    );
    assert_eq!(
        wrong("3..9"),
        "`slice` takes 3..9, but `x` gives [8], whose axis 0 ends at 8; stay within 0..8"
    );
    assert_eq!(
        wrong("(.., 1..2)"),
        "`slice` cuts along axis 1, but `x` gives [8], whose last axis is 0; axes count from 0"
    );
}

#[test]
fn paddings_of_a_convolution() {
    let expected = "`padding` is one number, a pair, or both sides of both axes: `((top, bottom), (left, right))`, as in \
                    `((1, 2), (0, 1))`";
    for padding in ["(1, 2, 3)", "(1, 2, 0, 1)", "((1, 2),)", "()"] {
        let layer = format!("Conv2d(8, 3, padding = {padding})");
        assert_eq!(wrong_on_image(&layer), expected);
    }
    let expected = "an axis is padded by one number, or by two: before and after";
    for padding in ["((1, 2), (1, 2, 3))", "(1, (2,))"] {
        let layer = format!("Conv2d(8, 3, padding = {padding})");
        assert_eq!(wrong_on_image(&layer), expected);
    }
    assert_eq!(
        wrong_on_image("Conv2d(8, 3, padding = (1, (0, 0 - 1)))"),
        "0 - 1 is negative; sizes, paddings and indices are not"
    );
    assert_eq!(
        wrong("Conv1d(8, 3, padding = ((1, 2), (0, 1)))"),
        ["a sequence is padded along one axis: write one number, or `(before, after)`"]
    );
    assert_eq!(
        wrong("Conv1d(8, 3, padding = causal)"),
        ["`padding` has the words `Same`, `Valid`, `Causal`; did you mean `Causal`?"]
    );
    let expected = "`padding` has the words `Same`, `Valid`; `Causal` pads before the steps of a sequence, which `Conv1d` reads";
    assert_eq!(wrong_on_image("Conv2d(8, 3, padding = Causal)"), expected);
}

#[test]
fn modes_of_padding() {
    let words = "`mode` has the words `Zeros`, `Reflect`, `Replicate`, `Circular`, `Constant`";
    assert_eq!(
        wrong("Pad(2, mode = Reflct)"),
        [format!("{words}; did you mean `Reflect`?")]
    );
    assert_eq!(
        wrong("Pad(2, mode = \"constant\")"),
        [format!("{words}; did you mean `Constant`?")]
    );
    assert_eq!(
        wrong("Pad(2, mode = symmetric)"),
        [format!(
            "{words}; `Reflect` mirrors without the edge, and `Replicate` repeats the edge"
        )]
    );
    assert_eq!(
        wrong("Pad(2, mode = edge)"),
        ["`edge` is called `Replicate` here; write `mode = Replicate`"]
    );
    let expected =
        "`value` is what `mode = Constant` pads with; write that as well, or leave `value` out";
    for mode in ["", ", mode = Reflect"] {
        assert_eq!(wrong(&format!("Pad(2, value = 0.5{mode})")), [expected]);
    }
    assert_eq!(
        wrong("Pad(2, mode = Constant, value = 1e39)"),
        ["`value` is a number that f32 can hold, such as `0.5`"]
    );
    assert_eq!(
        wrong("Pad()"),
        ["`Pad` needs `padding`; it is written `Pad(padding, mode = Zeros, value = 0)`"]
    );
    assert_eq!(
        wrong_on_image("Conv2d(8, 3, padding_mode = Constant)"),
        "`padding_mode` has the words `Zeros`, `Reflect`, `Replicate`, `Circular`"
    );
}

#[test]
fn a_pool_looks_at_the_image() {
    let expected =
        "the padding of a pool is at most half its kernel, here (1, 1), and this is (2, 2)";
    assert_eq!(wrong_on_image("MaxPool2d(2, padding = 2)"), expected);
    assert_eq!(
        wrong_on_image("AvgPool2d(3, padding = (1, 2))"),
        "the padding of a pool is at most half its kernel, here (1, 1), and this is (1, 2)"
    );
    assert_eq!(
        wrong("MaxPool1d(4, padding = 3)"),
        ["the padding of a pool is at most half its kernel, here 2, and this is 3"]
    );
    assert_eq!(
        wrong("AvgPool1d(0)"),
        ["this size is 0; sizes are at least 1"]
    );
    assert_eq!(
        wrong("MaxPool1d(2, stride = 0, dilation = 0)"),
        ["this size is 0; sizes are at least 1"; 2]
    );
    assert_eq!(
        wrong("AdaptiveMaxPool2d((0, 3))"),
        ["this size is 0; sizes are at least 1"]
    );
    assert_eq!(
        wrong("MaxPool2d(2, 2, 0, 1)"),
        [
            "`MaxPool2d` takes only `kernel`, `stride`, `padding` without names; it is written \
          `MaxPool2d(kernel, stride = kernel, padding = 0, dilation = 1, ceil_mode = false)`"
        ]
    );
}

#[test]
fn a_stack_has_an_end() {
    let expected = "at most 1000 levels can be stacked";
    assert_eq!(
        message("struct A(x: [4, 8]) -> [4, 3] { Lstm(3, layers = 1001) }"),
        expected
    );
}

#[test]
fn all_arguments_of_a_layer_are_checked_at_once() {
    assert_eq!(
        wrong("Dense(0, bias = 3, l1 = -1)"),
        [
            "this size is 0; sizes are at least 1",
            "`bias` is `true` or `false`",
            "`l1` is a number that is not negative and that f32 can hold, such as `1e-4`",
        ]
    );
}

#[test]
fn a_probability_may_be_certainty() {
    for probability in ["0", "1", "1.0", "0.99999999999"] {
        for layer in [
            "Dropout",
            "AlphaDropout",
            "SpatialDropout",
            "StochasticDepth",
        ] {
            super::graph(&format!(
                "struct A(x: [4, 5]) -> [4, 5] {{ {layer}({probability}) }}"
            ));
        }
    }
}

#[test]
fn paddings_near_a_word_are_told_the_words() {
    for padding in ["same", "\"same\"", "SAME", "Smae"] {
        assert_eq!(
            wrong(&format!("Conv2d(8, 3, padding = {padding})")),
            ["`padding` has the words `Same`, `Valid`; did you mean `Same`?"]
        );
    }
    assert_eq!(
        wrong("MaxPool2d(2, padding = Same)"),
        ["`padding` is a number or a pair of numbers"]
    );
    let constant = "struct A(x: [1, 8, 8]) -> [1, 8, 8] { const SAME: usize = 1; Conv2d(1, 3, padding = SAME) }";
    super::graph(constant);
}

#[test]
fn upsampling_has_a_scale_or_a_size() {
    let scale = "`scale` is a number above 0 that f32 can hold, such as `2`, or two of them";
    for arguments in ["0", "-1.5", "(2, 0)", "1e39"] {
        assert_eq!(wrong(&format!("Upsample({arguments})")), [scale]);
    }
    assert_eq!(
        wrong("Upsample"),
        ["`Upsample` needs `scale` or `size`, as in `Upsample(2)` or `Upsample(size = (32, 32))`"]
    );
    assert_eq!(
        wrong("Upsample(2, size = 4)"),
        ["`scale` and `size` both say how large the result is; drop one"]
    );
    assert_eq!(
        wrong("Upsample(size = (0, 4))"),
        ["this size is 0; sizes are at least 1"]
    );
    assert_eq!(
        wrong("Upsample(2, align_corners = true)"),
        ["corners are aligned between pixels, by `mode = Bilinear` or `mode = Linear`; drop this"]
    );
}

#[test]
fn positions_of_a_window_are_counted_in_32_bits() {
    super::graph("struct A(x: [1, 300, 300]) -> [1, 1, 1] { MaxPool2d(300) }");
    let expected =
        ["a window has at most 2147483647 positions; pool twice, first by a smaller one"];
    assert_eq!(wrong("MaxPool2d((65536, 32768))"), expected);
    assert_eq!(
        wrong("AvgPool2d(2147483648, padding = 1073741824)"),
        expected
    );
}

#[test]
fn groups_divide_the_channels() {
    let outputs = "the groups do not divide the output channels: 10 = 3 * 3 + 1, while 9 and 12 would be whole groups";
    assert_eq!(wrong_on_image("Conv2d(10, 3, groups = 3)"), outputs);
    let inputs = "`Conv2d` has 2 groups, but `x` gives [3, 8, 8], whose channels they do not divide: 3 = 1 * 2 + 1, \
                  while 2 and 4 would be whole groups";
    assert_eq!(wrong_on_image("Conv2d(8, 3, groups = 2)"), inputs);
    let large = "the groups do not divide the output channels: 2147483648 = 1 * 2147483647 + 1, while 2147483647 and \
                 4294967294 would be whole groups";
    let found = wrong_on_image("Conv2d(2147483648, 3, groups = 2147483647)");
    assert_eq!(found, large);
    assert_eq!(
        wrong_on_image("Conv2d(8, 3, groups = 0)"),
        "this size is 0; sizes are at least 1"
    );
}

/// The shape of the weights, and what each of them is drawn within.
#[test]
fn groups_share_the_channels_out() {
    let graph = super::graph("struct A(x: [8, 5, 5]) -> [16, 3, 3] { Conv2d(16, 3, groups = 4) }");
    let weight = &graph.layers[0].parameters[0];
    assert_eq!(weight.shape, [16, 2, 3, 3]);
    let kiln_compiler::parameter::Init::Uniform(bound) = weight.init else {
        panic!("{:?}", weight.init)
    };
    assert!((bound - 1.0 / 18.0_f64.sqrt()).abs() < 1e-12, "{bound}");
    let graph =
        super::graph("struct A(x: [5, 6]) -> [5, 6] { Conv1d(6, 3, padding = 1, groups = 6) }");
    assert_eq!(graph.layers[0].parameters[0].shape, [6, 1, 3]);
}

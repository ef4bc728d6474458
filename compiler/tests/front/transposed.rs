//! Transposed convolutions: what they give and learn, and what is wrong with them.

use kiln_compiler::{compile, facade::Facade, parameter::Init};

use super::{graph, message, shapes};

/// The declaration of one layer.
fn declaration(input: &str, layer: &str, output: &str) -> String {
    format!("struct Net(x: {input}) -> {output} {{ up: {layer} }}")
}

#[test]
fn sizes_are_pytorchs() {
    for (input, layer, output) in [
        ("[5, 4, 6]", "ConvTranspose2d(7, 3)", [7, 6, 8]),
        ("[5, 4, 6]", "ConvTranspose2d(7, 2, stride = 2)", [7, 8, 12]),
        (
            "[5, 4, 6]",
            "ConvTranspose2d(7, 4, stride = 2, padding = 1, inputs = 5)",
            [7, 8, 12],
        ),
        (
            "[5, 4, 6]",
            "ConvTranspose2d(7, 3, stride = 2, padding = 1, output_padding = 1)",
            [7, 8, 12],
        ),
        (
            "[5, 4, 6]",
            "ConvTranspose2d(7, (2, 3), stride = (3, 2), padding = (1, 0), output_padding = (2, 1), dilation = (2, 1))",
            [7, 12, 14],
        ),
        // Keras' `same`: the stride times the size.
        (
            "[5, 4, 6]",
            "ConvTranspose2d(7, (3, 2), stride = (2, 3), padding = Same)",
            [7, 8, 18],
        ),
        (
            "[5, 4, 6]",
            "ConvTranspose2d(7, 3, padding = ((1, 0), (2, 1)))",
            [7, 5, 5],
        ),
    ] {
        let graph = graph(&declaration(input, layer, &format!("{output:?}")));
        assert_eq!(shapes(&graph), [output], "{layer}");
    }
    for (layer, output) in [
        ("ConvTranspose1d(7, 16, stride = 8, padding = 4)", [40, 7]),
        (
            "ConvTranspose1d(7, 2, dilation = 3, output_padding = 2)",
            [10, 7],
        ),
    ] {
        let graph = graph(&declaration("[5, 9]", layer, &format!("{output:?}")));
        assert_eq!(shapes(&graph), [output], "{layer}");
    }
}

/// PyTorch takes the second axis of a weight for the inputs, so that an output is said to sum over 8 * 3 * 2 products.
#[test]
fn parameters_are_pytorchs() {
    let net = declaration("[3, 4, 4]", "ConvTranspose2d(8, (3, 2))", "[8, 6, 5]");
    let [weight, bias] = &graph(&net).layers[0].parameters[..] else {
        panic!("two tensors")
    };
    let bound = Init::Uniform(1.0 / 48_f64.sqrt());
    assert_eq!(
        (&weight.shape[..], &weight.init),
        (&[3, 8, 3, 2][..], &bound)
    );
    assert_eq!((&bias.shape[..], &bias.init), (&[8][..], &bound));
    let net = declaration(
        "[6, 4, 4]",
        "ConvTranspose2d(8, 3, groups = 2)",
        "[8, 6, 6]",
    );
    let [weight, bias] = &graph(&net).layers[0].parameters[..] else {
        panic!("two tensors")
    };
    let bound = Init::Uniform(1.0 / 36_f64.sqrt());
    assert_eq!(
        (&weight.shape[..], &weight.init),
        (&[6, 4, 3, 3][..], &bound)
    );
    assert_eq!(bias.shape, [8]);
    let net = declaration("[4, 3]", "ConvTranspose1d(8, 5, bias = false)", "[8, 8]");
    let [weight] = &graph(&net).layers[0].parameters[..] else {
        panic!("one tensor")
    };
    assert_eq!(weight.shape, [3, 8, 5]);
}

#[test]
fn mistakes_show_the_arithmetic() {
    for (input, layer, expected) in [
        (
            "[8, 4, 4]",
            "ConvTranspose2d(4, 3, stride = 2, output_padding = (1, 2))",
            "`output_padding` is less than the stride or the dilation, here 2 and 1, and this is 2",
        ),
        (
            "[4, 8]",
            "ConvTranspose1d(4, 3, dilation = 2, output_padding = 2)",
            "`output_padding` is less than the stride or the dilation, here 1 and 2, and this is 2",
        ),
        (
            "[4, 8]",
            "ConvTranspose1d(4, 3, stride = 2, padding = Same, output_padding = 1)",
            "`Same` gives the stride times the size; drop `output_padding`",
        ),
        (
            "[8, 4, 4]",
            "ConvTranspose2d(10, 3, groups = 4)",
            "the groups do not divide the output channels: 10 = 2 * 4 + 2, while 8 and 12 would be whole groups",
        ),
        (
            "[6, 4, 4]",
            "ConvTranspose2d(8, 3, groups = 4)",
            "`up` has 4 groups, but `x` gives [6, 4, 4], whose channels they do not divide: 6 = 1 * 4 + 2, \
             while 4 and 8 would be whole groups",
        ),
        (
            "[2, 8]",
            "ConvTranspose1d(4, 3, padding = (4, 0))",
            "`up` takes its padding from an image that is no larger: `x` gives [2, 8], and the length would be \
             (2 - 1) * 1 - 4 - 0 + 1 * (3 - 1) + 0 + 1 = 0; a padding that is smaller fits",
        ),
        (
            "[8, 2, 9]",
            "ConvTranspose2d(4, 3, padding = 2)",
            "`up` takes its padding from an image that is no larger: `x` gives [8, 2, 9], and the height would be \
             (2 - 1) * 1 - 2 * 2 + 1 * (3 - 1) + 0 + 1 = 0; a padding of at most 1 fits",
        ),
        (
            "[2, 8]",
            "ConvTranspose1d(4, 3, stride = 2, padding = 4)",
            "`up` takes its padding from an image that is no larger: `x` gives [2, 8], and the length would be \
             (2 - 1) * 2 - 2 * 4 + 1 * (3 - 1) + 0 + 1 = -3; a padding of at most 2 fits",
        ),
        (
            "[8, 4, 4]",
            "ConvTranspose2d(4, 3, inputs = 5)",
            "`up` is declared for 5 input channels, but `x` gives [8, 4, 4], which has 8; leave `inputs` out and it is inferred",
        ),
        (
            "[8, 9]",
            "ConvTranspose2d(4, 3)",
            "`up` takes an image [channels, height, width], but `x` gives [8, 9]; put `Reshape(1, 8, 9)` before it, for one channel",
        ),
        (
            "[8, 9, 9]",
            "ConvTranspose1d(4, 3)",
            "`up` takes a sequence [time, features], but `x` gives [8, 9, 9]; `ConvTranspose2d` takes images",
        ),
        (
            "[1, 4, 4]",
            "ConvTranspose2d(1, 1, stride = 65536, padding = 98304)",
            "`up` spreads [1, 4, 4] over 38655098881 numbers, from which its padding is taken; a tensor has at most 2147483648, \
             so make the stride or the kernel smaller",
        ),
    ] {
        assert_eq!(
            message(&declaration(input, layer, "[1]")),
            expected,
            "{layer}"
        );
    }
}

/// Whatever is declared, the answer is a network or a message.
#[test]
fn no_number_is_too_large() {
    let numbers = ["0", "1", "3", "2147483648", "9223372036854775807"];
    for (first, second) in numbers.iter().flat_map(|a| numbers.map(|b| (a, b))) {
        for input in ["[2, 1, 3]", "[1, 3, 2147483648]", "[2147483648, 1, 1]"] {
            for layer in [
                format!("ConvTranspose2d({first}, {second})"),
                format!("ConvTranspose2d(1, {first}, stride = {second})"),
                format!("ConvTranspose2d(1, 2, stride = {first}, padding = {second})"),
                format!("ConvTranspose2d(1, {first}, dilation = {second})"),
                format!("ConvTranspose2d(1, 2, stride = {first}, output_padding = {second})"),
                format!("ConvTranspose2d(1, {first}, padding = {second})"),
                format!("ConvTranspose2d({first}, 1, groups = {second})"),
            ] {
                let net = declaration(input, &layer, "[1, 1, 1]");
                compile(
                    &Facade::owning(Default::default()),
                    net.parse().expect("source lexes"),
                );
            }
        }
    }
}

//! What a model is apart from its dataflow: names, inputs, outputs, attributes.

use super::{message, messages};

#[test]
fn models_have_inputs_and_layers() {
    assert_eq!(
        message("struct A(x: [3]) -> [3] { }"),
        "`A` has no layers; write one in the braces, as in `Dense(10)`"
    );
    let expected = "`A` has no inputs; give one, as in `A(x: [784])`";
    assert_eq!(message("struct A() -> [3] { Dense(3) }"), expected);
}

#[test]
fn elements_are_f32_or_inputs_of_u32() {
    let expected =
        "tensors are f32, not f64; write the sizes alone, as in `[784]`, or `u32[784]` for tokens";
    assert_eq!(
        message("struct A(x: f64[64]) -> [3] { Dense(3) }"),
        expected
    );
    let expected = "an output is f32, not u32; write the sizes alone, as in `[784]`, and take the index of the largest by `argmax`";
    assert_eq!(message("struct A(x: [64]) -> u32[64] { Relu }"), expected);
    let expected = "expected a shape, as in `[1, 28, 28]`; a single number is `[1]`";
    assert_eq!(message("struct A(x: f32) -> [3] { Dense(3) }"), expected);
}

#[test]
fn tokens_have_no_gradients() {
    let expected = "`words` is u32, and tokens have no gradients; leave `input_gradients` out, for no input has any";
    assert_eq!(
        message("#[kiln(input_gradients)] struct A(words: u32[4]) -> [4, 3] { Embedding(9, 3) }"),
        expected
    );
    let both = "#[kiln(input_gradients)] struct A(words: u32[4], x: [4, 3]) -> [4, 3] {
        embed: Embedding(9, 3), forward { embed(words) + x }
    }";
    assert_eq!(messages(both), [""; 0]);
}

#[test]
fn names_are_given_once() {
    let source = "struct A(x: [8], x: [8]) -> [3] { const N: usize = 3; const N: usize = 3; x: Add, u: Dense(N), u: Relu }";
    assert_eq!(
        messages(source),
        [
            "`N` is already the name of a constant; give this one another",
            "`x` is already the name of an input; give this one another",
            "`x` is already the name of an input; give this one another",
            "`u` is already the name of a layer; give this one another",
        ]
    );
}

#[test]
fn models_of_one_name() {
    let twice = |first: &str, second: &str| {
        messages(&format!(
            "{first} struct A(x: [3]) -> [3] {{ Relu }} {second} struct A(x: [4]) -> [4] {{ Relu }}"
        ))
    };
    assert_eq!(
        twice("", ""),
        ["`A` is already the name of a model; give this one another"]
    );
    assert_eq!(twice("#[cfg(a)]", "#[cfg(not(a))]"), [""; 0]);
}

#[test]
fn callers_hold_six_parts() {
    let source = |count: usize| {
        let inputs: Vec<String> = (0..count).map(|index| format!("x{index}: [1]")).collect();
        format!("struct A({}) -> [{count}] {{ Concat }}", inputs.join(", "))
    };
    assert_eq!(messages(&source(6)), [""; 0]);
    assert_eq!(
        message(&source(7)),
        "there are 7 inputs, and at most 6 are supported; give those of one shape as one with an axis more"
    );
}

#[test]
fn what_a_network_cannot_derive() {
    let derive =
        |attribute: &str| messages(&format!("{attribute} struct A(x: [3]) -> [3] {{ Relu }}"));
    assert_eq!(
        derive("#[derive(Debug, Default)]"),
        [
            "a network cannot derive `Default`: it has no default parameters; make it with `new(Seed(1))`"
        ]
    );
    let found = derive(
        "#[derive(PartialEq, Eq, Hash, Copy)] #[cfg_attr(a, derive(serde::Serialize, Clone))]",
    );
    let named: Vec<&str> = found
        .iter()
        .filter_map(|message| message.split('`').nth(1))
        .collect();
    assert_eq!(named, ["Eq", "Hash", "Copy", "Serialize"]);
}

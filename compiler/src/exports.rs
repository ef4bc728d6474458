//! What models are called in C, and which of them C programs can call.
//!
//! A model's functions, types and macros all begin with its name, `mnist_cnn` for `MnistCnn`; its inputs are part of the names
//! of macros. Letters that C has not become underscores.

use crate::{
    attributes::Export,
    graph::{Graph, ValueId},
    report::Report,
};
use std::collections::BTreeMap;
use syn::ext::IdentExt;

/// The most bytes of several inputs, or of several outputs: they are copied to the stack. 64 KiB.
const COPIED: usize = 1 << 16;

/// Words that C keeps to itself.
const KEYWORDS: &[&str] = &[
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
    "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
    "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
    "union", "unsigned", "void", "volatile", "while",
];

/// What the names of an exported model begin with.
pub fn prefix(graph: &Graph, export: &Export) -> String {
    match &export.name {
        Some(name) => name.value(),
        None => snake(&graph.name.unraw().to_string()),
    }
}

/// Letters, digits and underscores of ASCII alone.
pub fn plain(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(letter).collect()
}

/// `MnistCnn` as `mnist_cnn`, and `LSTMModel` as `lstm_model`: a word begins at a capital behind a small letter or a digit, and
/// at the last of several capitals if a small letter follows.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map_or('_', |before| letters[before]);
        let is_last = letters.get(index + 1).is_some_and(|it| it.is_lowercase());
        let begins = before != '_' && (!before.is_uppercase() || is_last);
        if letter.is_uppercase() && begins {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    plain(&snake)
}

/// Reports exported models that would have the names of another.
pub fn check_names(graphs: &[Graph], report: &mut Report) {
    let mut known = BTreeMap::new();
    for graph in graphs {
        let Some(export) = &graph.asked.export_c else {
            continue;
        };
        // Of models that a `cfg` may leave out, rustc decides.
        if graph.attributes.iter().any(|it| it.path().is_ident("cfg")) {
            continue;
        }
        let (model, prefix) = (graph.name.to_string(), prefix(graph, export));
        let span = export
            .name
            .as_ref()
            .map_or(graph.name.span(), |it| it.span());
        if let Some(other) = known.insert(prefix.to_uppercase(), model.clone())
            && other != model
        {
            report.error(
                span,
                format!("`{model}` is called `{prefix}` in C, as `{other}` is; give it another name by `export_c = \"name\"`"),
            );
        }
    }
}

/// Reports what keeps C programs from calling a model, if it is to be exported.
pub fn check(graph: &Graph, report: &mut Report) {
    let Some(export) = &graph.asked.export_c else {
        return;
    };
    check_prefix(export, report);
    check_inputs(graph, report);
    check_parameters(graph, export, report);
    check_copied(graph, export, "inputs", &graph.inputs, report);
    check_copied(graph, export, "outputs", &graph.outputs, report);
}

/// A name that is given is one of C's.
fn check_prefix(export: &Export, report: &mut Report) {
    let Some(literal) = &export.name else {
        return;
    };
    let name = literal.value();
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || plain(&name) != name {
        let message = format!(
            "`{name}` is no name in C; write letters, digits and `_`, as in `export_c = \"net\"`"
        );
        report.error_over(literal, message);
    } else if KEYWORDS.contains(&&name[..]) {
        let message = format!("`{name}` is a keyword of C; choose another name");
        report.error_over(literal, message);
    }
}

/// No two inputs have the same macro.
fn check_inputs(graph: &Graph, report: &mut Report) {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for input in &graph.inputs {
        let value = &graph.values[input.0];
        let name = plain(&value.name).to_uppercase();
        if let Some(other) = known.get(&name) {
            let message = format!(
                "the inputs `{other}` and `{}` are both `{name}` in C; give one of them another name",
                value.name
            );
            report.error(value.span, message);
        } else {
            known.insert(name, &value.name);
        }
    }
}

/// What C holds is not empty, for no array of C's is.
fn check_parameters(graph: &Graph, export: &Export, report: &mut Report) {
    if graph.layers.iter().all(|layer| layer.parameters.is_empty()) {
        let name = &graph.name;
        let message = format!(
            "`{name}` has no parameters, which C programs hold; give it a layer with weights, or drop `export_c`"
        );
        report.error(export.word.span(), message);
    }
}

/// Several values become a tuple, for which they are copied.
fn check_copied(
    graph: &Graph,
    export: &Export,
    what: &str,
    values: &[ValueId],
    report: &mut Report,
) {
    let values = values.iter().map(|value| &graph.values[value.0]);
    let sizes: Vec<_> = values
        .map(|value| value.shape.iter().product::<usize>() * size_of::<f32>())
        .collect();
    let bytes: usize = sizes.iter().sum();
    if sizes.len() > 1 && bytes > COPIED {
        let each: Vec<_> = sizes.iter().map(usize::to_string).collect();
        let message = format!(
            "`{}` copies {bytes} bytes of {what} to the stack for C ({}), {} more than it may; make one of them, which is not \
             copied, or drop `export_c`",
            graph.name,
            each.join(" + "),
            bytes - COPIED
        );
        report.error(export.word.span(), message);
    }
}

#[cfg(test)]
mod tests {
    use super::{plain, snake};

    #[test]
    fn names_are_those_of_c() {
        let names = [
            "Mnist",
            "MnistCnn",
            "LSTMModel",
            "ResNet18",
            "Net2D",
            "A",
            "Größe",
            "one_two",
            "TheGRU",
        ];
        let expected = [
            "mnist",
            "mnist_cnn",
            "lstm_model",
            "res_net18",
            "net2_d",
            "a",
            "gr__e",
            "one_two",
            "the_gru",
        ];
        assert_eq!(names.map(snake), expected);
        assert_eq!(plain("knob.é"), "knob__");
    }
}

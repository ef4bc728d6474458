//! The table of layers that appears when a user hovers over the model.

use super::{model::Model, tables};
use crate::element::Typed;
use crate::graph::ValueId;
use proc_macro2::TokenStream;
use quote::quote;

/// Doc attributes: a blank line, then the summary as a table.
pub fn documentation(model: &Model<'_>) -> TokenStream {
    let mut lines = vec![
        String::new(),
        "| layer | kind | output | parameters |".into(),
        "| --- | --- | --- | ---: |".into(),
    ];
    let (mut parameters, mut flops) = (0, 0_u64);
    for line in tables::summary(model) {
        lines.push(format!(
            "| {} | {} | `{:?}` | {} |",
            line.name,
            line.kind,
            line.output,
            grouped(line.parameters as u64)
        ));
        parameters += line.parameters as u64;
        flops = line.flops.saturating_add(flops);
    }
    lines.push(format!("| **total** | | | **{}** |", grouped(parameters)));
    lines.push(String::new());
    lines.push(format!(
        "One sample's forward pass takes {} floating-point operations.",
        grouped(flops)
    ));
    quote!(#(#[doc = #lines])*)
}

/// What `forward` and `forward_into` do, with an example.
pub fn answers(model: &Model<'_>, is_small: bool) -> (String, String) {
    let shapes = |values: &[ValueId]| {
        let values = values.iter().map(|value| {
            let value = &model.graph.values[value.0];
            format!("`{}`", Typed(value.element, &value.shape))
        });
        values.collect::<Vec<_>>().join(" and ")
    };
    let (inputs, outputs) = (shapes(&model.graph.inputs), shapes(&model.graph.outputs));
    let forward = match is_small {
        true => {
            format!(
                " Answers one sample, {inputs} to {outputs}: `let output = model.forward(&input);`."
            )
        }
        false => format!(
            " Not for this model, whose answers of {outputs} take more than 64 KiB: use `forward_into`."
        ),
    };
    let into = format!(
        " Answers one sample, {inputs} to {outputs}, in memory of yours, such as zeros on the heap: \
         `let mut output = kiln::zeroed()?; model.forward_into(&input, &mut output);`."
    );
    (forward, into)
}

/// 101770 as `101,770`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    #[test]
    fn digits_are_grouped_by_three() {
        let shown = [0, 999, 1_000, 101_770, 12_345_678].map(super::grouped);
        assert_eq!(shown, ["0", "999", "1,000", "101,770", "12,345,678"]);
    }
}

//! The table of layers that appears when a user hovers over the model.

use super::{Model, tables};
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

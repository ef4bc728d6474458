//! How every layer is declared, asked of the layers themselves: what a reference is compared with.

use proc_macro2::Span;
use syn::parse_quote;

use super::{KINDS, Op};
use crate::arguments::{Arguments, asked::Asked};
use crate::{ast, report::Report, sizes::Constants};

/// The most numbers without names that tell forms apart: `Dense(outputs)` from `Dense(inputs, outputs)`.
const MOST_PLACES: usize = 3;

/// The forms in which a kind is declared; none where there is no such kind.
///
/// ```
/// use kiln_compiler::ops::reference::forms;
///
/// let places: Vec<_> = forms("Dense").into_iter().map(|form| form.places).collect();
/// assert_eq!(places, [vec!["outputs"], vec!["inputs", "outputs"]]);
/// ```
pub fn forms(kind: &str) -> Vec<Asked> {
    let mut forms: Vec<Asked> = Vec::new();
    for places in 0..=MOST_PLACES {
        let Some(form) = form(kind, places) else {
            return Vec::new();
        };
        if forms.iter().all(|known| known.places != form.places) {
            forms.push(form);
        }
    }
    forms
}

/// What an operator asks for when so many numbers stand without a name.
fn form(kind: &str, places: usize) -> Option<Asked> {
    let one = || ast::Argument {
        name: None,
        value: parse_quote!(1),
    };
    let given: Vec<_> = (0..places).map(|_| one()).collect();
    let (constants, mut report) = (Constants::default(), Report::default());
    let context = (KINDS, &constants);
    let mut arguments = Arguments::new(kind, Span::call_site(), &given, context, &mut report);
    let declared = Op::declare(kind, &mut arguments);
    let form = arguments.asked();
    // The numbers mean nothing, and some of them are refused.
    report.take_messages();
    declared.map(|_| form)
}

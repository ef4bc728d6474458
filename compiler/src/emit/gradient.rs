//! Gradients as tokens: the rows of a batch that a kernel sums over, and the penalties of the parameter.

use super::call::{Printer, sizes};
use crate::call::{Form, Gradient, Join, Term, View};
use crate::memory::program::Place;
use crate::parameter::Parameter;
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;

impl Printer<'_> {
    /// A gradient, finished over the rows of the batch.
    pub fn gradient(&self, gradient: &Gradient<Place>) -> TokenStream {
        let path = gradient.kernel.path;
        let sizes = sizes(&gradient.sizes, false);
        let rows = match gradient.join {
            Join::Chain => chain(gradient.terms.iter().map(|term| self.term(term)).collect()),
            Join::Pairs => {
                let mut kinds: Vec<Vec<&Term<Place>>> = Vec::new();
                let mut known = std::collections::BTreeMap::new();
                for term in &gradient.terms {
                    let kind = *known.entry(&term.through).or_insert(kinds.len());
                    match kinds.get_mut(kind) {
                        Some(alike) => alike.push(term),
                        None => kinds.push(vec![term]),
                    }
                }
                let parts = kinds.iter().map(|alike| {
                    let rows = alike.iter().map(|term| self.rows(term)).collect();
                    through(alike[0], chain(rows))
                });
                pairwise(parts.collect(), |first, second| quote!((#first, #second)))
            }
        };
        quote!(#path #sizes(s, #rows, &mut stretch);)
    }

    /// One application's part of a gradient.
    fn term(&self, term: &Term<Place>) -> TokenStream {
        through(term, self.rows(term))
    }

    /// The batch's rows of one buffer, or of two side by side.
    fn rows(&self, term: &Term<Place>) -> TokenStream {
        let place = |view: &View<Place>| match view.memory {
            Place::Buffer(buffer) => {
                let name = &self.place(buffer).name;
                quote!(#name)
            }
            other => unreachable!("{other:?} holds no rows of a batch"),
        };
        let places = term.rows.iter().map(|(_, view)| place(view));
        let forms = term
            .rows
            .iter()
            .map(|(_, view)| view.form)
            .collect::<Vec<_>>();
        if let [Form::Tokens { .. }, Form::Rows { rows, .. }] = forms[..] {
            let path = rt::TOKEN_ROWS;
            return quote!(#path(batch, #(#places),*, #rows));
        }
        let path = match forms[..] {
            [Form::Rows { blocks, .. }] => {
                let path = rt::ROW_BLOCKS;
                quote!(#path::<#blocks>)
            }
            [Form::Floats { floats, .. }, Form::Rows { blocks, .. }] => {
                let path = rt::ROW_PAIRS;
                quote!(#path::<#floats, #blocks>)
            }
            [
                Form::Steps { steps, blocks },
                Form::Steps {
                    steps: beside,
                    blocks: others,
                },
            ] => {
                let path = rt::STEP_PAIRS;
                quote!(#path::<#steps, #blocks, #beside, #others>)
            }
            _ => unreachable!("no gradient is a sum over {forms:?}"),
        };
        let rows = quote!(#path(batch, #(#places),*));
        match term.lengths.as_ref().map(place) {
            Some(lengths) => {
                let path = rt::WITH_LENGTHS;
                quote!(#path(#rows, batch, #lengths))
            }
            None => rows,
        }
    }
}

/// Rows as the kernel takes them.
fn through(term: &Term<Place>, rows: TokenStream) -> TokenStream {
    match &term.through {
        Some((path, numbers)) => {
            let sizes = sizes(numbers, false);
            quote!(#path #sizes(#rows))
        }
        None => rows,
    }
}

/// Rows one after another.
fn chain(rows: Vec<TokenStream>) -> TokenStream {
    pairwise(
        rows,
        |first, second| quote!(::core::iter::Iterator::chain(#first, #second)),
    )
}

/// Joins neighbours, then the joined ones, until one is left: in their order, but of the least depth, for rustc follows by
/// recursion how deep types and expressions are.
fn pairwise(
    mut parts: Vec<TokenStream>,
    join: impl Fn(TokenStream, TokenStream) -> TokenStream,
) -> TokenStream {
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(first) = rest.next() {
            joined.push(match rest.next() {
                Some(second) => join(first, second),
                None => first,
            });
        }
        parts = joined;
    }
    parts.pop().unwrap_or_default()
}

/// The penalties of a parameter.
pub fn penalty(parameter: &Parameter) -> TokenStream {
    match (parameter.l1 as f32, parameter.l2 as f32) {
        (0.0, 0.0) => quote!(rt::Penalty::NONE),
        (l1, l2) => quote!(rt::Penalty { l1: #l1, l2: #l2 }),
    }
}

//! Errors are collected, then shown all at once, each at its own token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// A pass's collector. Dropping one that holds errors nobody took is a bug and says so.
#[derive(Debug, Default)]
pub struct Report {
    errors: Vec<syn::Error>,
}

impl Report {
    /// Adds an error at a token.
    pub fn error(&mut self, span: Span, message: impl std::fmt::Display) {
        self.errors.push(syn::Error::new(span, message));
    }

    /// Adds an error that underlines all of `tokens`.
    pub fn error_over(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds errors that a parser found.
    pub fn absorb(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Whether nothing went wrong so far.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// How many errors there are so far.
    pub fn count(&self) -> usize {
        self.errors.len()
    }

    /// The errors as `compile_error!` invocations, in the order they were found; leaves the report empty.
    pub fn take(&mut self) -> TokenStream {
        self.errors
            .drain(..)
            .map(|error| error.into_compile_error())
            .collect()
    }

    /// The messages, for tests and tools; leaves the report empty.
    pub fn take_messages(&mut self) -> Vec<String> {
        self.errors
            .drain(..)
            .map(|error| error.to_string())
            .collect()
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if !self.errors.is_empty() && !std::thread::panicking() {
            let first = &self.errors[0];
            panic!(
                "a report with {} errors was dropped unread, the first: {first}",
                self.errors.len()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a report with 1 errors was dropped unread, the first: lost")]
    fn an_unread_report_announces_itself() {
        Report::default().error(Span::call_site(), "lost");
    }
}

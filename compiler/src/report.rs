//! Errors are collected, then shown all at once, each at its own token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// A pass's collector. Dropping one that holds errors nobody took is a bug and says so.
///
/// It holds a hundred errors and counts the others: nobody reads more at once.
#[derive(Debug, Default)]
pub struct Report {
    errors: Vec<syn::Error>,
    /// How many errors came when it was full.
    more: usize,
}

/// The most errors that are shown.
const MOST: usize = 100;

impl Report {
    /// Adds an error at a token.
    pub fn error(&mut self, span: Span, message: impl std::fmt::Display) {
        match self.is_full() {
            true => self.more += 1,
            false => self.errors.push(syn::Error::new(span, message)),
        }
    }

    /// Adds an error that underlines all of `tokens`.
    pub fn error_over(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        match self.is_full() {
            true => self.more += 1,
            false => self.errors.push(syn::Error::new_spanned(tokens, message)),
        }
    }

    /// Adds errors that a parser found.
    pub fn absorb(&mut self, error: syn::Error) {
        match self.is_full() {
            true => self.more += 1,
            false => self.errors.push(error),
        }
    }

    /// Whether what is added now is only counted, so that a message need not be found.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= MOST
    }

    /// Whether nothing went wrong so far.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// How many errors there are so far.
    pub fn count(&self) -> usize {
        self.errors.len() + self.more
    }

    /// The errors as `compile_error!` invocations, in the order they were found; leaves the report empty.
    pub fn take(&mut self) -> TokenStream {
        self.drain()
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }

    /// The messages, for tests and tools; leaves the report empty.
    pub fn take_messages(&mut self) -> Vec<String> {
        self.drain().iter().map(syn::Error::to_string).collect()
    }

    fn drain(&mut self) -> Vec<syn::Error> {
        let mut errors = std::mem::take(&mut self.errors);
        if self.more > 0 {
            let message = format!(
                "{} more errors are not shown; they are once these are mended",
                std::mem::take(&mut self.more)
            );
            errors.push(syn::Error::new(Span::call_site(), message));
        }
        errors
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if !self.errors.is_empty() && !std::thread::panicking() {
            let first = &self.errors[0];
            panic!(
                "a report with {} errors was dropped unread, the first: {first}",
                self.count()
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

    #[test]
    fn a_hundred_errors_are_shown_and_the_others_counted() {
        let mut report = Report::default();
        for number in 0..250 {
            report.error(Span::call_site(), number);
        }
        assert_eq!(report.count(), 250);
        let messages = report.take_messages();
        assert_eq!(messages.len(), 101);
        assert_eq!(
            messages[100],
            "150 more errors are not shown; they are once these are mended"
        );
        assert!(report.is_clean() && report.take_messages().is_empty());
    }
}

//! Errors are collected, then shown all at once, each at its own token.
//!
//! What stands in a block is read once for each use of it. A mistake in it is shown once, with the uses it concerns:
//! `.. (in stage1.0 and 2 more)`.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};

/// A pass's collector. Dropping one that holds errors nobody took is a bug and says so.
///
/// It holds a hundred errors and counts the others: nobody reads more at once.
#[derive(Debug, Default)]
pub struct Report {
    errors: Vec<Mistake>,
    /// How many errors came when it was full.
    more: usize,
    /// The use of a block or a template that is read now.
    place: Option<String>,
    /// Errors of blocks, by where they stand.
    known: BTreeMap<String, usize>,
    /// How many errors were known already.
    repeated: usize,
}

/// The last mistake of a pass: the levels and directions of one call often make the same.
#[derive(Debug, Default)]
pub struct Mistakes(Option<(usize, String)>);

impl Mistakes {
    /// Whether another part of the same call has not just made this one.
    pub fn is_new(&mut self, call: usize, message: &str) -> bool {
        let mistake = Some((call, message.to_string()));
        let is_new = self.0 != mistake;
        self.0 = mistake;
        is_new
    }
}

/// An error and where it was met.
#[derive(Debug)]
struct Mistake {
    error: syn::Error,
    /// What it underlines, and what it says, if that is to be said with the uses.
    tokens: Option<(TokenStream, String)>,
    /// The first use of the block or template in which it stands, and the others.
    places: (String, BTreeSet<String>),
}

/// The most errors that are shown.
const MOST: usize = 100;

impl Report {
    /// Adds an error at a token.
    pub fn error(&mut self, span: Span, message: impl std::fmt::Display) {
        // A token that has the span: what is underlined is kept as tokens.
        let at = proc_macro2::Ident::new("_", span);
        self.add(at.to_token_stream(), message);
    }

    /// Adds an error that underlines all of `tokens`.
    pub fn error_over(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(tokens.to_token_stream(), message);
    }

    fn add(&mut self, tokens: TokenStream, message: impl std::fmt::Display) {
        let Some(place) = &self.place else {
            let error = || syn::Error::new_spanned(tokens, message);
            return match self.is_full() {
                true => self.more += 1,
                false => self.errors.push(Mistake {
                    error: error(),
                    tokens: None,
                    places: Default::default(),
                }),
            };
        };
        let key = tokens
            .clone()
            .into_iter()
            .next()
            .map_or(String::new(), |first| format!("{:?}", first.span()));
        if let Some(&index) = self.known.get(&key) {
            self.repeated += 1;
            let (first, others) = &mut self.errors[index].places;
            if first != place {
                others.insert(place.clone());
            }
        } else if self.is_full() {
            self.more += 1;
        } else {
            self.known.insert(key, self.errors.len());
            let message = message.to_string();
            self.errors.push(Mistake {
                error: syn::Error::new_spanned(&tokens, &message),
                tokens: Some((tokens, message)),
                places: (place.clone(), BTreeSet::new()),
            });
        }
    }

    /// From here on a use of a block or a template is read, or none; gives the one before.
    pub fn within(&mut self, place: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.place, place)
    }

    /// Adds errors that a parser found.
    pub fn absorb(&mut self, error: syn::Error) {
        match self.is_full() {
            true => self.more += 1,
            false => self.errors.push(Mistake {
                error,
                tokens: None,
                places: Default::default(),
            }),
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
        self.errors.len() + self.more + self.repeated
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
        self.known.clear();
        let mistakes = std::mem::take(&mut self.errors);
        let mut errors: Vec<_> = mistakes.into_iter().map(Mistake::shown).collect();
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

impl Mistake {
    /// The error, with the uses it concerns.
    fn shown(self) -> syn::Error {
        let Some((tokens, message)) = self.tokens else {
            return self.error;
        };
        let (first, others) = self.places;
        let uses = match others.len() {
            0 => format!("{message} (in {first})"),
            others => format!("{message} (in {first} and {others} more)"),
        };
        syn::Error::new_spanned(tokens, uses)
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if !self.errors.is_empty() && !std::thread::panicking() {
            let first = &self.errors[0].error;
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

//! From a fuzzer's bytes to tokens.

use proc_macro2::TokenStream;

use crate::{dice::Dice, generate, mutation};

/// Text longer than this only takes longer.
const MOST: usize = 1 << 16;

/// What some bytes declare. Text is taken as it is; bytes that begin with none of ASCII decide how a valid model is written,
/// so that the back end is reached, and the low bits of the first how many tokens of it are changed.
pub fn tokens(data: &[u8]) -> Option<TokenStream> {
    match data.split_first() {
        Some((&first, rest)) if !first.is_ascii() => {
            let mut dice = Dice::from_bytes(rest);
            let source = generate::source(&mut dice, "Fuzzed");
            let tokens = source.parse().expect("what is generated lexes");
            Some(mutation::mutated(tokens, usize::from(first & 7), &mut dice))
        }
        _ if data.len() <= MOST => std::str::from_utf8(data).ok()?.parse().ok(),
        _ => None,
    }
}

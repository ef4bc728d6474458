//! Random models all the way through the compiler, many more than rustc has time for.
#![forbid(unsafe_code)]

use std::{env, panic};

use kiln_compiler::{compile, facade::Facade};
use kiln_random_tests::generate;
use proc_macro2::TokenStream;

/// Models where `KILN_RANDOM_EXPANSIONS` does not say how many.
const DEFAULT_COUNT: u64 = 400;

/// Whatever the front end accepts, the back end plans without an objection of the independent checker, and writes: the
/// same text each time.
#[test]
fn what_is_accepted_is_expanded() {
    let count = env::var("KILN_RANDOM_EXPANSIONS")
        .ok()
        .and_then(|count| count.parse().ok());
    let failed: Vec<u64> = (0..count.unwrap_or(DEFAULT_COUNT))
        .filter(|&seed| !expands(seed))
        .collect();
    assert!(failed.is_empty(), "seeds {failed:?}");
}

fn expands(seed: u64) -> bool {
    is_expanded(seed, &generate::model(seed).0) && is_expanded(seed, &generate::stream(seed).0)
}

fn is_expanded(seed: u64, source: &str) -> bool {
    let tokens: TokenStream = source.parse().expect("the front end has read it");
    let expansion = || {
        let tokens = tokens.clone();
        panic::catch_unwind(|| compile(&Facade::owning(TokenStream::new()), tokens).to_string())
    };
    let sound = match (expansion(), expansion()) {
        (Ok(one), Ok(other)) => !one.contains("compile_error") && one == other,
        _ => false,
    };
    if !sound {
        eprintln!("seed {seed}: {source}");
    }
    sound
}

//! Whatever is written, the compiler answers: what `fuzz/` found and began from, and a few seconds of changes at random.
#![forbid(unsafe_code)]

#[allow(dead_code)]
#[path = "../../fuzz/src/dice.rs"]
mod dice;
#[allow(dead_code)]
#[path = "../../tests/random/src/generate/mod.rs"]
mod generate;
#[path = "../../fuzz/src/input.rs"]
mod input;
#[path = "../../fuzz/src/mutation.rs"]
mod mutation;

use std::{fs, path::Path, thread};

use dice::Dice;
use kiln_compiler::{compile, facade::Facade, read, report::Report};
use proc_macro2::TokenStream;
use quote::quote;

/// A quarter of the stack that rustc gives to macros.
const STACK: usize = 2 << 20;

/// Declarations that are made of each that is read or generated.
const CHANGED: usize = 8;
const GENERATED: u64 = 300;

/// The files of the corpus, in the order of their names.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/compile");
    let entries = fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("it can be read"))
        .collect()
}

/// What some bytes declare, after some changes, compiled on a small stack: Rust comes out, and of a graph without errors
/// everything is known.
fn judge(name: String, data: Vec<u8>, changes: usize, seed: u64) {
    let run = move || {
        let tokens = input::tokens(&data)?;
        let tokens = mutation::mutated(tokens, changes, &mut Dice::new(seed));
        let mut report = Report::default();
        let (_, graphs) = read(tokens.clone(), &mut report);
        if report.take_messages().is_empty() {
            assert!(
                graphs
                    .iter()
                    .flat_map(|graph| &graph.values)
                    .all(|value| !value.shape.is_empty())
            );
            assert!(graphs.iter().all(|graph| !graph.outputs.is_empty()));
        }
        Some(compile(&Facade::owning(quote!(::kiln)), tokens).to_string())
    };
    let thread = thread::Builder::new()
        .name(name.clone())
        .stack_size(STACK)
        .spawn(run);
    let expansion = thread.expect("a thread starts").join();
    let Some(expansion) = expansion.unwrap_or_else(|_| panic!("{name} panics")) else {
        return;
    };
    let tokens: TokenStream = expansion.parse().expect("expansions lex");
    assert!(
        syn::parse2::<syn::File>(tokens).is_ok(),
        "{name} expands to what is not Rust"
    );
}

#[test]
fn the_corpus_and_what_is_near_it_compile() {
    for (index, data) in corpus().into_iter().enumerate() {
        for round in 0..=CHANGED {
            judge(
                format!("file {index} round {round}"),
                data.clone(),
                round,
                index as u64,
            );
        }
    }
}

#[test]
fn what_is_near_generated_models_compiles() {
    for seed in 0..GENERATED {
        let mut dice = Dice::new(seed);
        let mut data: Vec<u8> = (0..64).flat_map(|_| dice.bits().to_le_bytes()).collect();
        data[0] |= 0x80;
        judge(format!("seed {seed}"), data, 0, seed);
    }
}

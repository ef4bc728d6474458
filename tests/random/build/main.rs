//! Writes random models from seeds, and some known ones: `OUT_DIR/models.rs` holds each as a `model!` and a test that judges it.
//!
//! How many is the environment variable `KILN_RANDOM_MODELS`, from which seed on `KILN_RANDOM_SEED`.
#![forbid(unsafe_code)]

#[path = "../src/dice.rs"]
mod dice;
mod environment;
#[path = "../src/generate/mod.rs"]
mod generate;
mod glue;
mod known;

use environment::number;
use std::{env, fs, ops::Range, path::Path, process::ExitCode};

/// Models where nobody says how many: some seconds of compile time.
const DEFAULT_COUNT: u64 = 24;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/dice.rs");
    println!("cargo::rerun-if-changed=src/generate");
    let count = number("KILN_RANDOM_MODELS", DEFAULT_COUNT);
    let first = number("KILN_RANDOM_SEED", 0);
    let written =
        count.and_then(|count| first.and_then(|first| write(first..first.saturating_add(count))));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn write(seeds: Range<u64>) -> Result<(), String> {
    let model = |seed| {
        let (source, graph) = generate::model(seed);
        glue::glue(seed, &source, &graph)
    };
    let stream = |seed| {
        let (source, graph) = generate::stream(seed);
        glue::stream(seed, &source, &graph)
    };
    let mut models: String = seeds.clone().map(model).chain(seeds.map(stream)).collect();
    for (seed, model) in (known::FIRST_SEED..).zip(known::MODELS) {
        let source = format!("pub struct Seed{seed}{model}");
        let graphs = source
            .parse()
            .ok()
            .and_then(|tokens| kiln_compiler::graphs(tokens).ok());
        let graph = graphs.and_then(|mut graphs| graphs.pop());
        let graph = graph.ok_or_else(|| format!("this is no model: {source}"))?;
        models += &glue::glue(seed, &source, &graph);
    }
    let directory = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    fs::write(Path::new(&directory).join("models.rs"), models).map_err(|error| error.to_string())
}

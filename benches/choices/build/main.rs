//! Expands each of some networks as the cost model chooses, and by other choices: `OUT_DIR/choices.rs`.
#![forbid(unsafe_code)]

use kiln_compiler::{facade::Facade, memory::rows::Wish};
use proc_macro2::TokenStream;
use quote::quote;
use std::{env, fmt::Write, fs, path::Path, process::ExitCode};

/// Networks in each of which something else is large: a name, the batch, and what stands behind the struct's name.
const NETWORKS: [(&str, usize, &str); 7] = [
    (
        "wide Dense, 1024-4096-4096-1024",
        256,
        "(x: [1024]) -> [1024] { Dense(4096), Relu, Dense(4096), Relu, Dense(1024) }",
    ),
    (
        "small Dense, 784-128-10",
        256,
        "(x: [784]) -> [10] { Dense(128), Relu, Dense(10) }",
    ),
    (
        "images, 4 of 64 channels, 32 x 32",
        32,
        "(x: [3, 32, 32]) -> [10] { Conv2d(64, 3, padding = 1), Relu, Conv2d(64, 3, padding = 1), Relu, \
         Conv2d(64, 3, padding = 1), Relu, Conv2d(64, 3, padding = 1), Relu, MaxPool2d(2), Flatten, Dense(10) }",
    ),
    (
        "small images, 3 of 32 channels, 8 x 8",
        64,
        "(x: [3, 8, 8]) -> [10] { Conv2d(32, 3, padding = 1), Relu, Conv2d(32, 3, padding = 1), Relu, \
         Conv2d(32, 3, padding = 1), Relu, Flatten, Dense(10) }",
    ),
    (
        "both: images, then wide Dense",
        64,
        "(x: [3, 16, 16]) -> [10] { Conv2d(64, 3, padding = 1), Relu, Conv2d(64, 3, padding = 1), Relu, MaxPool2d(2), \
         Flatten, Dense(1024), Relu, Dense(10) }",
    ),
    (
        "images with BatchNorm, 16 x 16",
        64,
        "(x: [3, 16, 16]) -> [10] { Conv2d(32, 3, padding = 1, bias = false), BatchNorm, Relu, \
         Conv2d(32, 3, padding = 1, bias = false), BatchNorm, Relu, GlobalAvgPool, Dense(10) }",
    ),
    (
        "recurrence of 256, 28 steps",
        64,
        "(x: [28, 28]) -> [10] { Lstm(256), Last, Dense(10) }",
    ),
];

/// Rows that pass together; none is the model's choice.
const ROWS: [Option<usize>; 6] = [None, Some(1), Some(6), Some(24), Some(96), Some(384)];

/// Whether gradients are summed; none is the model's choice.
const SUMMED: [Option<bool>; 3] = [None, Some(false), Some(true)];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build");
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    let (mut modules, mut cases) = (String::new(), String::new());
    for (network, (name, batch, body)) in NETWORKS.into_iter().enumerate() {
        for summed in SUMMED {
            for rows in ROWS {
                // Sums matter to training alone, and how many rows pass there is compared for both ways of summing.
                if summed.is_none() && rows.is_some() {
                    continue;
                }
                let source = format!("pub struct Net{body}");
                let tokens: TokenStream = source.parse().map_err(|error| format!("{error}"))?;
                let wish = Wish { rows, summed };
                let expansion =
                    kiln_compiler::compile_as(&Facade::owning(quote!(::kiln)), tokens, wish);
                let text = expansion.to_string();
                let has = ["INFER_ROWS", "TRAIN_ROWS"].map(|name| constant(&text, name));
                let module = format!(
                    "net{network}_{}_{}",
                    summed.map_or("chosen".into(), |summed| format!("{summed}")),
                    rows.map_or("chosen".into(), |rows| format!("{rows}")),
                );
                let loss = if body.contains("-> [10]") {
                    "cross_entropy"
                } else {
                    "mse"
                };
                let _ = writeln!(
                    modules,
                    "#[allow(warnings, clippy::all, reason = \"what a macro leaves is not linted in the crates of others\")]\n\
                     mod {module} {{ {expansion} }}"
                );
                let _ = writeln!(
                    cases,
                    "    Case {{ network: {name:?}, batch: {batch}, rows: {rows:?}, has: {has:?}, summed: {summed:?}, \
                     infer: infer::<{module}::Net>, train: |batch| train::<{module}::Net, _, _>(batch, {loss}()) }},"
                );
            }
        }
    }
    let source = format!("{modules}\nconst CASES: &[Case] = &[\n{cases}];\n");
    let directory = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    fs::write(Path::new(&directory).join("choices.rs"), source).map_err(|error| error.to_string())
}

/// The number that an expansion gives a constant, or 0.
fn constant(expansion: &str, name: &str) -> usize {
    let after = expansion
        .split(&format!("{name} : usize = "))
        .nth(1)
        .unwrap_or_default();
    let digits = after.split(|letter: char| !letter.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

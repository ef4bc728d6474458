//! Draws networks from a seed: `OUT_DIR/networks.rs` holds each as a `model!`, `OUT_DIR/networks.json` the same as a
//! description for the rivals.
//!
//! Which, the environment says: `KILN_SWEEP_FIRST` of all networks and `KILN_SWEEP_COUNT` from there on, drawn from
//! `KILN_SWEEP_SEED`. Those of a seed come after the known ones.
#![forbid(unsafe_code)]

#[path = "../../../tests/random/src/dice.rs"]
#[allow(dead_code)]
mod dice;
mod draw;
#[path = "../../../tests/random/build/environment.rs"]
mod environment;
mod known;
mod network;

use environment::number;
use network::Network;
use std::{env, fs, path::Path, process::ExitCode};

/// Networks where nobody says how many: some seconds of compile time.
const DEFAULT_COUNT: usize = 2;

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
    let seed = number::<u64>("KILN_SWEEP_SEED", 0)?;
    let first = number("KILN_SWEEP_FIRST", known::COUNT)?;
    let count = number("KILN_SWEEP_COUNT", DEFAULT_COUNT)?;
    if known::networks().count() != known::COUNT {
        return Err(format!("there are not {} known networks", known::COUNT));
    }
    let networks = known::networks()
        .chain((0..).map(|index| draw::network(seed, index)))
        .skip(first)
        .take(count)
        .collect::<Vec<_>>();
    let each = |of: fn(&Network) -> String| networks.iter().map(of).collect::<Vec<_>>();
    let modules = each(Network::module).concat();
    let cases = each(Network::case).join(",\n    ");
    let source = format!("{modules}\nconst CASES: &[Case] = &[\n    {cases},\n];\n");
    let description = format!("[\n{}\n]\n", each(Network::json).join(",\n"));

    let directory = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    let save = |file: &str, text: String| {
        fs::write(Path::new(&directory).join(file), text).map_err(|error| error.to_string())
    };
    save("networks.rs", source)?;
    save("networks.json", description)
}

//! Where the linker finds the memory of the machine.

use std::{env, fs, path::PathBuf};

fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").expect("Cargo sets it"));
    fs::copy("memory.x", out.join("memory.x")).expect("the file is beside this one");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=memory.x");
}

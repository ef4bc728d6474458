//! The crate that users name, as expansions see it.

use proc_macro2::TokenStream;
use std::{env, path::PathBuf};

/// The facade crate of a user.
pub struct Facade {
    /// Its path.
    pub root: TokenStream,
    /// Whether a network is a value of its own: it allocates its parameters. Otherwise it is a type alone, and its parameters
    /// lie in memory of the user's.
    pub allocates: bool,
    /// The folder of the user's Cargo.toml, in which paths begin.
    pub folder: PathBuf,
}

impl Facade {
    /// A facade whose networks are values, at a path.
    pub fn owning(root: TokenStream) -> Self {
        Self {
            root,
            allocates: true,
            folder: Self::manifest(),
        }
    }

    /// The folder that Cargo names while it compiles or runs a crate, or else the one that the program runs in.
    pub fn manifest() -> PathBuf {
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from)
    }
}

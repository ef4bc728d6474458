//! The crate that users name, as expansions see it.

use proc_macro2::TokenStream;
use quote::quote;
use std::{
    env,
    path::{Path, PathBuf},
};

/// The facade crate of a user.
pub struct Facade {
    /// Its path.
    pub root: TokenStream,
    /// Whether a network is a value of its own: it allocates its parameters. Otherwise it is a type alone, and its parameters
    /// lie in memory of the user's.
    pub allocates: bool,
    /// The folder of the user's Cargo.toml, in which paths begin. Without Cargo they begin in the working directory.
    pub folder: Option<PathBuf>,
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

    /// The folder that Cargo names while it compiles or runs a crate.
    pub fn manifest() -> Option<PathBuf> {
        env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
    }

    /// Where a file of the user's lies.
    pub fn file(&self, name: &str) -> PathBuf {
        let working = || env::current_dir().unwrap_or_default();
        self.folder.clone().unwrap_or_else(working).join(name)
    }

    /// The same path in an expansion, for `include_bytes!`.
    pub fn included(&self, name: &str) -> TokenStream {
        if self.folder.is_some() && !Path::new(name).is_absolute() {
            return quote!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #name));
        }
        let path = self.file(name);
        let path = path.to_string_lossy();
        quote!(#path)
    }
}

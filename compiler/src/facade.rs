//! The crate that users name, as expansions see it.

use proc_macro2::TokenStream;

/// The facade crate of a user.
pub struct Facade {
    /// Its path.
    pub root: TokenStream,
    /// Whether a network is a value of its own: it allocates its parameters. Otherwise it is a type alone, and its parameters
    /// lie in memory of the user's.
    pub allocates: bool,
}

impl Facade {
    /// A facade whose networks are values, at a path.
    pub fn owning(root: TokenStream) -> Self {
        Self {
            root,
            allocates: true,
        }
    }
}

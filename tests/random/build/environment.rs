//! What the environment says to a build script.

use std::{env, fmt::Display, str::FromStr};

/// A whole number from the environment.
pub fn number<T: FromStr<Err: Display>>(name: &str, default: T) -> Result<T, String> {
    println!("cargo::rerun-if-env-changed={name}");
    match env::var(name) {
        Ok(text) => text
            .parse()
            .map_err(|error| format!("{name} = {text}: {error}")),
        Err(_) => Ok(default),
    }
}

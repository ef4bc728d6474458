//! Calls and gradients compared with the parameters of their kernels.

use crate::call::{Access, Call, Gradient, View};
use crate::memory::program::Place;
use crate::rt::Kernel;

/// A call gives its kernel what it takes: every parameter by its name and in order, to be changed where the kernel changes it.
pub fn signature(of: &str, call: &Call<Place>) -> Result<(), String> {
    let kernel = call.kernel;
    let mut given = call.arguments.iter();
    for (name, changes) in kernel.parameters().filter(|(name, _)| *name != "s") {
        let Some((_, argument)) = given.next().filter(|(given, _)| *given == name) else {
            let verb = if changes { "changes" } else { "reads" };
            return Err(missing(kernel, verb, name, of));
        };
        let agrees = |view: &View<Place>| view.access.writes() == changes;
        if !argument.views().all(agrees) {
            let verb = if changes { "changes" } else { "only reads" };
            return Err(otherwise(kernel, verb, name, of));
        }
    }
    match given.next() {
        Some((name, _)) => Err(surplus(kernel, name, of)),
        None => Ok(()),
    }
}

/// Every term of a gradient gives the kernel the rows it takes.
pub fn terms(of: &str, gradient: &Gradient<Place>) -> Result<(), String> {
    let kernel = gradient.kernel;
    let taken = || {
        let names = kernel.parameters().map(|(name, _)| name);
        names.filter(|&name| !matches!(name, "s" | "stretch"))
    };
    for term in &gradient.terms {
        let mut given = term.rows.iter();
        for name in taken() {
            let Some((_, view)) = given.next().filter(|(given, _)| *given == name) else {
                return Err(missing(kernel, "reads", name, of));
            };
            if view.access != Access::Read {
                return Err(otherwise(kernel, "only reads", name, of));
            }
        }
        if let Some((name, _)) = given.next() {
            return Err(surplus(kernel, name, of));
        }
    }
    Ok(())
}

fn missing(kernel: &Kernel, verb: &str, name: &str, of: &str) -> String {
    let path = kernel.path;
    format!("`{path}` {verb} `{name}`, which its call for `{of}` leaves out")
}

fn otherwise(kernel: &Kernel, verb: &str, name: &str, of: &str) -> String {
    let path = kernel.path;
    format!("`{path}` {verb} `{name}`, and its call for `{of}` says otherwise")
}

fn surplus(kernel: &Kernel, name: &str, of: &str) -> String {
    let path = kernel.path;
    format!("`{path}` takes no `{name}` where its call for `{of}` gives it")
}

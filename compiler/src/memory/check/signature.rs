//! Calls and gradients compared with the parameters of their kernels.

use crate::call::{Access, Call, Gradient};
use crate::memory::program::Place;
use crate::rt::{Effect, Kernel};

/// A call gives its kernel what it takes: every parameter by its name and in order, for what the kernel does with it. A kernel
/// that adds or writes is told which, and is given its memory for that.
pub fn signature(of: &str, call: &Call<Place>) -> Result<(), String> {
    let kernel = call.kernel;
    let mut given = call.arguments.iter();
    for (effect, name) in parameters(kernel) {
        let Some((_, argument)) = given.next().filter(|(given, _)| *given == name) else {
            return Err(missing(kernel, name, of));
        };
        let access = match effect {
            Effect::Reads => Access::Read,
            Effect::Writes => Access::Write,
            Effect::Changes => Access::Modify,
            Effect::Adds => Access::adding(call.adds == Some(true)),
        };
        if argument.views().any(|view| view.access != access) {
            let verb = match access {
                Access::Read => "only reads",
                Access::Write => "overwrites",
                Access::Modify => "reads and changes",
            };
            return Err(otherwise(kernel, verb, name, of));
        }
    }
    match given.next() {
        Some((name, _)) => Err(surplus(kernel, name, of)),
        None => told(of, call),
    }
}

/// What a kernel is given beside the token of the instruction set.
fn parameters(kernel: &Kernel) -> impl Iterator<Item = (Effect, &'static str)> {
    let parameters = kernel.parameters.iter().copied();
    parameters.filter(|&(_, name)| name != "s")
}

/// A call says whether it adds exactly if its kernel may, and then the kernel is told.
fn told(of: &str, call: &Call<Place>) -> Result<(), String> {
    let path = call.kernel.path;
    let adds = parameters(call.kernel).any(|(effect, _)| effect == Effect::Adds);
    match (adds, call.adds) {
        (true, Some(_)) if call.tells() => Ok(()),
        (true, _) => Err(format!(
            "`{path}` is not told by its call for `{of}` whether it adds"
        )),
        (false, Some(_)) => Err(format!(
            "`{path}` adds nothing, and its call for `{of}` says otherwise"
        )),
        (false, None) => Ok(()),
    }
}

/// Every term of a gradient gives the kernel the rows it takes.
pub fn terms(of: &str, gradient: &Gradient<Place>) -> Result<(), String> {
    let kernel = gradient.kernel;
    for term in &gradient.terms {
        let mut given = term.rows.iter();
        for (_, name) in parameters(kernel).filter(|(_, name)| *name != "stretch") {
            let Some((_, view)) = given.next().filter(|(given, _)| *given == name) else {
                return Err(missing(kernel, name, of));
            };
            if view.access != Access::Read {
                return Err(otherwise(kernel, "only reads", name, of));
            }
        }
        if let Some((name, _)) = given.next() {
            return Err(surplus(kernel, name, of));
        }
        // Whole sequences are cut by whatever makes rows of them, and by nobody else.
        if let Some(lengths) = &term.lengths
            && (term.through.is_none() || lengths.access != Access::Read)
        {
            return Err(surplus(kernel, "lengths", of));
        }
    }
    Ok(())
}

fn missing(kernel: &Kernel, name: &str, of: &str) -> String {
    let path = kernel.path;
    format!("`{path}` takes `{name}`, which its call for `{of}` leaves out")
}

fn otherwise(kernel: &Kernel, verb: &str, name: &str, of: &str) -> String {
    let path = kernel.path;
    format!("`{path}` {verb} `{name}`, and its call for `{of}` says otherwise")
}

fn surplus(kernel: &Kernel, name: &str, of: &str) -> String {
    let path = kernel.path;
    format!("`{path}` takes no `{name}` where its call for `{of}` gives it")
}

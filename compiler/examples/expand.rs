//! Prints what `model!` expands to: `cargo run -p kiln-compiler --example expand -- examples/mnist.rs`.
#![forbid(unsafe_code)]

use kiln_compiler::facade::Facade;
use quote::quote;
use std::{env, fs, process::ExitCode};
use syn::visit::{self, Visit};

/// The `model!` invocations of a file.
#[derive(Default)]
struct Models(Vec<syn::Macro>);

impl<'ast> Visit<'ast> for Models {
    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        let is_model = invocation
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "model");
        if is_model {
            self.0.push(invocation.clone());
        }
        visit::visit_macro(self, invocation);
    }
}

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: expand FILE");
        return ExitCode::FAILURE;
    };
    let file = match fs::read_to_string(&path).map(|text| syn::parse_file(&text)) {
        Ok(Ok(file)) => file,
        Ok(Err(error)) => return fail(&path, &error),
        Err(error) => return fail(&path, &error),
    };
    let mut models = Models::default();
    models.visit_file(&file);
    let facade = Facade::owning(quote!(::kiln));
    for invocation in models.0 {
        let expansion = kiln_compiler::compile(&facade, invocation.tokens);
        match syn::parse2(expansion) {
            Ok(file) => println!("{}", prettyplease::unparse(&file)),
            Err(error) => return fail(&path, &error),
        }
    }
    ExitCode::SUCCESS
}

fn fail(path: &str, error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{path}: {error}");
    ExitCode::FAILURE
}

//! Reads off real expansions every name that they use without a path, and writes modules in which each of them is a
//! user's constant, static, type or network: `OUT_DIR/strangers.rs`.
#![forbid(unsafe_code)]

use kiln_compiler::{compile, facade::Facade};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::{collections::BTreeSet, env, error::Error, fs, path::Path};
use syn::visit::{self, Visit};

/// Every family of layers, and both ways to a loss.
const MODELS: &str = "
    pub struct Several(image: [1, 12, 12], extra: [3]) -> ([4], [2]) {
        conv: Conv2d(5, kernel = 3, padding = 1),
        pool: MaxPool2d(2),
        lstm: Lstm(6, layers = 2),
        decide: Dense(4, l1 = 0.001, l2 = 0.001),
        other: Dense(2),
        forward {
            let seen = flatten(pool(relu(conv(image))));
            let steps = reshape(seen, [15, 12]);
            let remembered = last(lstm(steps));
            let h = dropout(concat(remembered, extra), 0.5);
            let d = other(h);
            (log_softmax(decide(h)), softmax(d * d + other(h) - d))
        }
    }
    pub struct One(x: [3]) -> [2] { Dense(4), Tanh, Dropout(0.5), Slice(1..3), Dense(2), Sigmoid }";

/// Names that stand in an expansion and could be someone else's.
#[derive(Default)]
struct Names {
    /// Variables, which patterns make.
    variables: BTreeSet<String>,
    /// What paths begin with: variables, types, modules, generic parameters.
    heads: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.variables.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let (None, Some(first)) = (path.leading_colon, path.segments.first()) {
            self.heads.insert(first.ident.to_string());
        }
        visit::visit_path(self, path);
    }

    fn visit_type_param(&mut self, parameter: &'ast syn::TypeParam) {
        self.heads.insert(parameter.ident.to_string());
        visit::visit_type_param(self, parameter);
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let models: TokenStream = MODELS.parse()?;
    let expansion = compile(&Facade::owning(quote!(::engine)), models.clone());
    let mut names = Names::default();
    names.visit_file(&syn::parse2(expansion)?);
    let own = ["Self", "self", "Several", "One"];
    let idents = |names: &BTreeSet<String>| -> Vec<Ident> {
        let others = names.iter().filter(|name| !own.contains(&name.as_str()));
        others.map(|name| format_ident!("{name}")).collect()
    };
    let (variables, heads) = (idents(&names.variables), idents(&names.heads));
    let all: Vec<Ident> = idents(&names.variables.union(&names.heads).cloned().collect());
    for name in ["s", "parameters", "memory"] {
        assert!(
            names.variables.contains(name),
            "`{name}` is a variable of an expansion"
        );
    }
    for name in ["S", "rt", "f32", "usize"] {
        assert!(
            names.heads.contains(name),
            "`{name}` stands in an expansion"
        );
    }
    let networks = heads.iter().enumerate().map(|(index, name)| {
        let module = format_ident!("network_{index}");
        quote! {
            pub mod #module {
                ::engine::model! { pub struct #name(x: [3]) -> [2] { Dense(2), Dropout(0.5) } }
            }
        }
    });
    let strangers = quote! {
        pub mod constants { #(const #all: () = ();)* ::engine::model! { #models } }
        pub mod statics { #(static #all: () = ();)* ::engine::model! { #models } }
        pub mod types { #(struct #all;)* ::engine::model! { #models } }
        pub mod modules { #(mod #all {})* ::engine::model! { #models } }
        pub mod functions {
            pub fn inside() {
                #(const #variables: () = ();)*
                ::engine::model! { #models }
            }
        }
        #(#networks)*
    };
    let directory = env::var("OUT_DIR")?;
    fs::write(
        Path::new(&directory).join("strangers.rs"),
        strangers.to_string(),
    )?;
    Ok(())
}

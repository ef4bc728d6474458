//! The two sides of a kernel call agree: what the compiler's `kernels!` say of a kernel's parameters is the signature of the
//! function in the runtime, by names, by order, and by what is given to be changed.
//!
//! The compiler and the runtime meet in these names alone, so both are read off their sources.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    FnArg, GenericArgument, Ident, Item, ItemMacro, Pat, PathArguments, Token, Type, UseTree,
    Visibility,
};

/// A parameter as both sides know it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter {
    name: String,
    /// Whether the kernel is given it to be changed.
    changes: bool,
}

/// A line of `kernels!`: `NAME = path(s, x, out y)`.
struct Line {
    /// Where the kernel stands.
    path: Vec<String>,
    parameters: Vec<Parameter>,
    /// Whether some parameter is added to, if the call says so.
    adds: bool,
}

impl Parse for Line {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Ident>()?;
        input.parse::<Token![=]>()?;
        let path = Punctuated::<Ident, Token![::]>::parse_separated_nonempty(input)?;
        let content;
        syn::parenthesized!(content in input);
        let mut line = Self {
            path: path.iter().map(Ident::to_string).collect(),
            parameters: Vec::new(),
            adds: false,
        };
        for words in Punctuated::<Words, Token![,]>::parse_terminated(&content)? {
            let (name, effect) = match &words.0[..] {
                [name] => (name, None),
                [effect, name] => (name, Some(effect)),
                words => panic!("{words:?} are no parameter"),
            };
            line.adds |= effect.is_some_and(|effect| effect == "add");
            line.parameters.push(Parameter {
                name: name.clone(),
                changes: effect.is_some(),
            });
        }
        Ok(line)
    }
}

/// Words one after another, keywords or not.
struct Words(Vec<String>);

impl Parse for Words {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut words = Vec::new();
        while input.peek(Ident::peek_any) {
            words.push(Ident::parse_any(input)?.to_string());
        }
        Ok(Self(words))
    }
}

/// A function of the runtime.
#[derive(Clone)]
struct Function {
    parameters: Vec<Parameter>,
    /// Whether it is told by a constant if it adds.
    constant: bool,
    /// Whether it is told by an argument.
    argument: bool,
}

impl Function {
    fn of<'a>(arguments: impl IntoIterator<Item = &'a FnArg>, constant: bool) -> Self {
        let mut function = Self {
            parameters: Vec::new(),
            constant,
            argument: false,
        };
        for argument in arguments {
            let FnArg::Typed(argument) = argument else {
                unreachable!("only methods have a receiver")
            };
            let name = match &*argument.pat {
                Pat::Ident(pattern) => pattern.ident.to_string(),
                _ => "a pattern".to_owned(),
            };
            let starts = matches!(&*argument.ty, Type::Path(path)
                if path.path.segments.last().is_some_and(|last| last.ident == "Start"));
            function.argument |= name == "add" || starts;
            function.parameters.push(Parameter {
                name,
                changes: changes(&argument.ty),
            });
        }
        function
    }
}

/// Whether something is lent by a type to be changed.
fn changes(given: &Type) -> bool {
    match given {
        Type::Reference(reference) => reference.mutability.is_some(),
        Type::Tuple(parts) => parts.elems.iter().any(changes),
        // `X::MemoryMut<'_>`, `Option<&mut [Block]>`
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let inside = match &last.arguments {
                PathArguments::AngleBracketed(inside) => Some(&inside.args),
                _ => None,
            };
            let inside = inside.into_iter().flatten();
            let inside = inside.filter_map(|argument| match argument {
                GenericArgument::Type(given) => Some(given),
                _ => None,
            });
            last.ident.to_string().ends_with("Mut") || inside.into_iter().any(changes)
        }),
        _ => false,
    }
}

/// What `compiled_here!` declares: `pub fn name = generic(x: &[Block], ..);`, whose first parameter, the token of the
/// instruction set, is not written.
struct Compiled(String, Function);

impl Parse for Compiled {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![fn]>()?;
        let name = input.parse::<Ident>()?.to_string();
        input.parse::<Token![=]>()?;
        input.parse::<Ident>()?;
        let content;
        syn::parenthesized!(content in input);
        let arguments = Punctuated::<FnArg, Token![,]>::parse_terminated(&content)?;
        input.parse::<Token![;]>()?;
        let mut function = Function::of(&arguments, false);
        let token = Parameter {
            name: "s".into(),
            changes: false,
        };
        function.parameters.insert(0, token);
        Ok(Self(name, function))
    }
}

/// Items of one kind, one after another.
struct All<T>(Vec<T>);

impl<T: Parse> Parse for All<T> {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut all = Vec::new();
        while !input.is_empty() {
            all.push(input.parse()?);
        }
        Ok(Self(all))
    }
}

/// The functions that a module of the runtime holds or passes on.
fn functions(file: &Path) -> BTreeMap<String, Function> {
    let mut functions = BTreeMap::new();
    for item in items(file) {
        match item {
            Item::Fn(item) if matches!(item.vis, Visibility::Public(_)) => {
                let constant = item.sig.generics.const_params();
                let constant = constant.into_iter().any(|size| size.ident == "ADD");
                let function = Function::of(&item.sig.inputs, constant);
                functions.insert(item.sig.ident.to_string(), function);
            }
            Item::Macro(item) if is(&item, "compiled_here") => {
                let All(all) = item.mac.parse_body::<All<Compiled>>().expect("functions");
                functions.extend(
                    all.into_iter()
                        .map(|Compiled(name, function)| (name, function)),
                );
            }
            Item::Use(item) if matches!(item.vis, Visibility::Public(_)) => {
                let UseTree::Path(path) = item.tree else {
                    continue;
                };
                let child = file.with_extension("").join(format!("{}.rs", path.ident));
                let there = self::functions(&child);
                for name in names(&path.tree) {
                    // What is no function is a type.
                    functions.extend(there.get(&name).map(|function| (name, function.clone())));
                }
            }
            _ => {}
        }
    }
    functions
}

/// The names at the end of an import, none of which is changed there.
fn names(tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Name(name) => vec![name.ident.to_string()],
        UseTree::Group(group) => group.items.iter().flat_map(names).collect(),
        _ => panic!("kernels are passed on by their names"),
    }
}

fn is(item: &ItemMacro, name: &str) -> bool {
    let last = item.mac.path.segments.last();
    last.is_some_and(|last| last.ident == name)
}

fn items(file: &Path) -> Vec<Item> {
    let text = fs::read_to_string(file).unwrap_or_else(|_| panic!("no file {}", file.display()));
    syn::parse_file(&text).expect("a file of Rust").items
}

/// Every line of the `kernels!` below a folder.
fn lines(folder: &Path) -> Vec<Line> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths = paths.collect::<Vec<PathBuf>>();
    paths.sort();
    let mut lines = Vec::new();
    for path in paths {
        if path.is_dir() {
            lines.extend(self::lines(&path));
            continue;
        }
        for item in items(&path) {
            if let Item::Macro(item) = item
                && is(&item, "kernels")
            {
                let parser = Punctuated::<Line, Token![;]>::parse_terminated;
                lines.extend(item.mac.parse_body_with(parser).expect("kernels"));
            }
        }
    }
    lines
}

/// The parameters that a line gives its kernel. A gradient's kernel takes the rows of a batch as one: by their name, or under
/// a name of their own where there are several side by side.
fn given(line: &Line, there: &Function) -> Vec<Parameter> {
    match &line.parameters[..] {
        [token, _, _, .., stretch] if stretch.name == "stretch" && line.parameters.len() > 3 => {
            let rows = Parameter {
                changes: false,
                ..there.parameters[1].clone()
            };
            vec![token.clone(), rows, stretch.clone()]
        }
        parameters => parameters.to_vec(),
    }
}

#[test]
fn kernels_are_called_by_the_signatures_that_they_have() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for line in lines(&root.join("compiler/src/ops")) {
        let [module, name] = &line.path[..] else {
            panic!("a kernel stands in a module: {:?}", line.path)
        };
        let file = root.join(format!("runtime/src/kernels/{module}.rs"));
        let functions = functions(&file);
        let Some(function) = functions.get(name) else {
            wrong.push(format!("`{module}::{name}` is not there"));
            continue;
        };
        let given = given(&line, function);
        if given != function.parameters {
            wrong.push(format!(
                "`{module}::{name}` is given {given:?}, and takes {:?}",
                function.parameters
            ));
        }
        if line.adds && !function.constant && !function.argument || function.constant && !line.adds
        {
            wrong.push(format!(
                "`{module}::{name}` is told otherwise whether it adds"
            ));
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 50, "{compared} kernels");
}

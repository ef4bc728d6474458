//! From an expression that is a message back to the literals it may be.

use quote::ToTokens;
use std::collections::BTreeMap;
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, Local, Pat, Signature, Stmt};

/// What stands for anything in a pattern.
pub const ANY: char = '\u{1}';

/// Methods whose receiver is the message still.
const SAME: &[&str] = &["to_string", "to_owned", "into", "clone"];

/// Methods that give what one of their arguments is or makes.
const CHOOSING: &[&str] = &[
    "map",
    "map_or",
    "map_or_else",
    "unwrap_or",
    "unwrap_or_else",
    "then",
    "then_some",
];

/// What is defined anywhere in the crate.
#[derive(Default)]
pub struct Crate {
    pub functions: BTreeMap<String, Vec<syn::Block>>,
    pub constants: BTreeMap<String, Expr>,
    /// Their parameters' names, without `self`.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Functions that report a parameter, and which.
    pub reporting: BTreeMap<String, usize>,
}

impl Crate {
    fn function(&mut self, signature: &Signature, block: &syn::Block) {
        let name = signature.ident.to_string();
        let names = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed.pat.to_token_stream().to_string()),
            FnArg::Receiver(_) => None,
        });
        self.parameters.insert(name.clone(), names.collect());
        self.functions.entry(name).or_default().push(block.clone());
    }
}

impl<'ast> Visit<'ast> for Crate {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_const(&mut self, constant: &'ast syn::ItemConst) {
        let name = constant.ident.to_string();
        self.constants.insert(name, (*constant.expr).clone());
    }
}

pub fn is_test(attributes: &[syn::Attribute]) -> bool {
    let mut configured = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    configured.any(|it| it.to_token_stream().to_string().contains("test"))
}

/// A message up to its first semicolon outside of backticks.
pub fn clause(message: &str) -> &str {
    let mut ticks = 0;
    let end = message.find(|c| {
        ticks += usize::from(c == '`');
        c == ';' && ticks % 2 == 0
    });
    message[..end.unwrap_or(message.len())].trim()
}

/// No message passes through more names than this.
const DEEPEST: usize = 6;

/// Follows a message to its literals.
#[derive(Clone, Copy)]
pub struct Follow<'a> {
    pub whole: &'a Crate,
    /// The function.
    pub scope: &'a syn::Block,
    /// Names that were followed.
    pub depth: usize,
}

impl Follow<'_> {
    /// The literals that an expression may be, as patterns.
    pub fn expression(self, expression: &Expr) -> Vec<String> {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Str(text) => vec![text.value()],
                _ => vec![ANY.to_string()],
            },
            Expr::Macro(call) if call.mac.path.is_ident("format") => self.format(&call.mac),
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Reference(inner) => self.expression(&inner.expr),
            Expr::Try(inner) => self.expression(&inner.expr),
            Expr::Block(block) => self.block(&block.block),
            Expr::If(branches) => {
                let otherwise = branches.else_branch.iter();
                let otherwise = otherwise.flat_map(|(_, it)| self.expression(it));
                self.block(&branches.then_branch)
                    .into_iter()
                    .chain(otherwise)
                    .collect()
            }
            Expr::Match(branches) => {
                let arms = branches.arms.iter();
                arms.flat_map(|arm| self.expression(&arm.body)).collect()
            }
            Expr::Closure(closure) => self.expression(&closure.body),
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) => self.name(&name.to_string()),
                None => vec![ANY.to_string()],
            },
            Expr::MethodCall(call) => self.method(call),
            Expr::Call(call) => self.call(call),
            _ => vec![ANY.to_string()],
        }
    }

    /// What a block ends in.
    fn block(self, block: &syn::Block) -> Vec<String> {
        match block.stmts.last() {
            Some(Stmt::Expr(last, None)) => self.expression(last),
            _ => Vec::new(),
        }
    }

    fn method(self, call: &syn::ExprMethodCall) -> Vec<String> {
        let name = call.method.to_string();
        let mut all = Vec::new();
        if CHOOSING.contains(&name.as_str()) {
            all.extend(call.args.iter().flat_map(|it| self.expression(it)));
        }
        if SAME.contains(&name.as_str()) || name.starts_with("unwrap_or") {
            all.extend(self.expression(&call.receiver));
        }
        match all.is_empty() {
            true => vec![ANY.to_string()],
            false => all,
        }
    }

    fn call(self, call: &syn::ExprCall) -> Vec<String> {
        let Expr::Path(path) = &*call.func else {
            return Vec::new();
        };
        let name = path.path.segments.last().map(|last| last.ident.to_string());
        let name = name.unwrap_or_default();
        if ["Some", "Ok", "Err", "from"].contains(&name.as_str()) {
            return call
                .args
                .iter()
                .flat_map(|inner| self.expression(inner))
                .collect();
        }
        let closure = self.name(&name);
        if !closure.is_empty() || self.depth >= DEEPEST {
            return closure;
        }
        let bodies = self.whole.functions.get(&name).into_iter().flatten();
        let inside = |scope| Follow {
            scope,
            depth: self.depth + 1,
            ..self
        };
        bodies.flat_map(|scope| inside(scope).body()).collect()
    }

    /// What a function gives: its last expression, and what is returned before.
    fn body(self) -> Vec<String> {
        struct Returns(Vec<Expr>);
        impl<'ast> Visit<'ast> for Returns {
            fn visit_expr_return(&mut self, returned: &'ast syn::ExprReturn) {
                self.0.extend(returned.expr.iter().map(|it| (**it).clone()));
            }
        }
        let mut returns = Returns(Vec::new());
        returns.visit_block(self.scope);
        let early = returns.0.iter().flat_map(|it| self.expression(it));
        self.block(self.scope).into_iter().chain(early).collect()
    }

    /// What a name may be: a `let` of the function, or a constant.
    fn name(self, name: &str) -> Vec<String> {
        struct Lets<'n>(&'n str, Vec<Expr>);
        impl<'ast> Visit<'ast> for Lets<'_> {
            fn visit_local(&mut self, local: &'ast Local) {
                let pattern = match &local.pat {
                    Pat::Type(typed) => &*typed.pat,
                    pattern => pattern,
                };
                if let (Pat::Ident(bound), Some(init)) = (pattern, &local.init)
                    && bound.ident == self.0
                {
                    self.1.push((*init.expr).clone());
                }
                visit::visit_local(self, local);
            }
        }
        if self.depth >= DEEPEST {
            return Vec::new();
        }
        let mut lets = Lets(name, Vec::new());
        lets.visit_block(self.scope);
        let deeper = Follow {
            depth: self.depth + 1,
            ..self
        };
        match self.whole.constants.get(name) {
            Some(constant) if lets.1.is_empty() => deeper.expression(constant),
            _ => lets
                .1
                .iter()
                .flat_map(|init| deeper.expression(init))
                .collect(),
        }
    }

    /// The literal of a `format!` as a pattern: one for each choice of what the names before its semicolon are.
    fn format(self, call: &syn::Macro) -> Vec<String> {
        let literal = call.parse_body_with(|input: syn::parse::ParseStream<'_>| {
            let literal: syn::LitStr = input.parse()?;
            input.parse::<proc_macro2::TokenStream>()?;
            Ok(literal.value())
        });
        let literal = literal.unwrap_or_default();
        let mut patterns = vec![String::new()];
        let mut rest = literal.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (text, brace) = rest.split_at(at);
            patterns.iter_mut().for_each(|it| it.push_str(text));
            if let Some(escaped) = ["{{", "}}"].iter().find(|it| brace.starts_with(**it)) {
                patterns
                    .iter_mut()
                    .for_each(|it| it.push_str(&escaped[1..]));
                rest = &brace[2..];
                continue;
            }
            let (inside, behind) = brace[1..].split_once('}').expect("rustc has compiled it");
            let name = inside.split(':').next().unwrap_or_default();
            let is_repair = patterns.iter().all(|it| clause(it).len() < it.trim().len());
            let mut choices = Vec::new();
            if !name.is_empty() && !is_repair {
                choices = self.name(name);
            }
            if choices.is_empty() {
                choices.push(ANY.to_string());
            }
            let extended = |it: &String| {
                choices
                    .iter()
                    .map(|choice| format!("{it}{choice}"))
                    .collect::<Vec<_>>()
            };
            patterns = patterns.iter().flat_map(extended).collect();
            rest = behind;
        }
        patterns.iter_mut().for_each(|it| it.push_str(rest));
        patterns
    }
}

/// Whether a text is what a pattern says.
pub fn is_match(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split(ANY);
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

//! A function that C programs call, in both languages.

use super::part::Part;
use crate::emit::model::Model;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// A function that C programs call.
pub struct Function {
    /// Its name behind the prefix.
    pub name: String,
    /// What it does, for the header.
    pub doc: String,
    /// What it gives, in Rust and in C.
    pub result: (TokenStream, &'static str),
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// What it does.
    pub body: TokenStream,
}

/// What a function takes.
pub struct Parameter {
    /// Its name.
    pub name: Ident,
    /// Its type in Rust.
    rust: TokenStream,
    /// What stands before its name in C: `const float *`.
    c: String,
}

impl Function {
    /// A code that says what was wrong.
    pub fn code() -> (TokenStream, &'static str) {
        (quote!(i32), "int32_t")
    }

    /// The function. Its attribute is the user's own word: there rustc sees what a crate that forbids `unsafe_code` must not
    /// have, and at a macro's tokens it looks away.
    pub fn rust(&self, prefix: &str, word: Span) -> TokenStream {
        let unmangled = quote_spanned!(word=> #[unsafe(no_mangle)]);
        let name = format_ident!("{prefix}_{}", self.name);
        let names = self.parameters.iter().map(|parameter| &parameter.name);
        let types = self.parameters.iter().map(|parameter| &parameter.rust);
        let ((result, _), body) = (&self.result, &self.body);
        quote! {
            #unmangled
            extern "C" fn #name(#(#names: #types),*) -> #result {
                #body
            }
        }
    }

    /// The declaration, one parameter a line if one line is too short for all.
    pub fn c(&self, prefix: &str) -> String {
        let begin = format!("{} {prefix}_{}(", self.result.1, self.name);
        let parameters = self.parameters.iter();
        let parameters: Vec<_> = parameters
            .map(|it| format!("{}{}", it.c, it.name))
            .collect();
        let all = match &parameters[..] {
            [] => "void".to_string(),
            some => some.join(", "),
        };
        match format!("{begin}{all});\n") {
            line if line.len() <= COLUMNS => line,
            _ => format!("{begin}\n    {});\n", parameters.join(",\n    ")),
        }
    }
}

/// The longest lines of a header.
pub const COLUMNS: usize = 100;

impl Parameter {
    /// A parameter of these types.
    pub fn new(name: &str, rust: TokenStream, c: &str) -> Self {
        Self {
            name: Ident::new(name, Span::call_site()),
            rust,
            c: c.into(),
        }
    }

    /// The parameters of a model, to be read.
    pub fn read(model: &Model<'_>, prefix: &str) -> Self {
        let blocks = model.layout.arena_blocks;
        let rust = quote!(::core::option::Option<&[rt::Block; #blocks]>);
        Self::new("parameters", rust, &format!("const {prefix}_parameters *"))
    }

    /// The same, to be written.
    pub fn written(model: &Model<'_>, prefix: &str) -> Self {
        let blocks = model.layout.arena_blocks;
        let rust = quote!(::core::option::Option<&mut [rt::Block; #blocks]>);
        Self::new("parameters", rust, &format!("{prefix}_parameters *"))
    }

    /// An input.
    pub fn taken(part: &Part) -> Self {
        let Part { rust, element, .. } = part;
        Self {
            name: part.name.clone(),
            rust: quote!(::core::option::Option<&#rust>),
            c: format!("const {element} *"),
        }
    }

    /// An output.
    pub fn given(part: &Part) -> Self {
        let Part { rust, element, .. } = part;
        Self {
            name: part.name.clone(),
            rust: quote!(::core::option::Option<&mut #rust>),
            c: format!("{element} *"),
        }
    }
}

/// The body of a function that answers: `call` takes the input and the output, each an `Option` of a reference. One value is
/// passed on by reference; several are copied into a tuple, and out of one.
pub fn answering(
    inputs: &[Part],
    outputs: &[Part],
    call: impl FnOnce(TokenStream, TokenStream) -> TokenStream,
) -> TokenStream {
    let names =
        |parts: &[Part]| -> Vec<Ident> { parts.iter().map(|part| part.name.clone()).collect() };
    let (gather, input) = match &names(inputs)[..] {
        [one] => (TokenStream::new(), quote!(#one)),
        names => (
            quote! {
                let gathered = match (#(#names),*) {
                    (#(rt::Some(#names)),*) => rt::Some((#(*#names),*)),
                    _ => rt::None,
                };
            },
            quote!(gathered.as_ref()),
        ),
    };
    let (room, output, give) = match &names(outputs)[..] {
        [one] => (TokenStream::new(), quote!(#one), TokenStream::new()),
        names => {
            let types = outputs.iter().map(|part| &part.rust);
            let places = (0..names.len()).map(Literal::usize_unsuffixed);
            (
                quote! {
                    let (#(rt::Some(#names)),*) = (#(#names),*) else {
                        return rt::foreign::NULL;
                    };
                    let mut answers: (#(#types),*) = rt::foreign::zeroed();
                },
                quote!(rt::Some(&mut answers)),
                quote! {
                    if code == rt::foreign::OK {
                        #(*#names = answers.#places;)*
                    }
                },
            )
        }
    };
    let call = call(input, output);
    quote! {
        #gather
        #room
        let parameters = parameters.map(|parameters| &parameters[..]);
        let code = #call;
        #give
        code
    }
}

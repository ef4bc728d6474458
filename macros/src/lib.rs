//! The procedural macro of kiln. All logic lives in `kiln-compiler`.
#![forbid(unsafe_code)]

use kiln_compiler::{compile, facade::Facade};
use proc_macro::{TokenStream, TokenTree};

/// What `kiln::model!` calls: the path of the facade crate, whether it has an allocator, a semicolon, the declarations. The
/// first two are a comma apart, and the second is `owned` or `lent`.
#[doc(hidden)]
#[proc_macro]
pub fn __model(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let mut until = |end| {
        let is_end =
            |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == end);
        input
            .by_ref()
            .take_while(|token| !is_end(token))
            .collect::<TokenStream>()
    };
    let facade = Facade {
        root: until(',').into(),
        allocates: until(';').to_string() == "owned",
        folder: Facade::manifest(),
    };
    compile(&facade, input.collect::<TokenStream>().into()).into()
}

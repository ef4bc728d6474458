//! What a small network expands to, pinned as it reads: a change of the emitted code shows in full.

use quote::quote;

#[test]
fn a_small_network_reads_as_pinned() {
    let tokens = quote! {
        /// Two layers with a penalty, dropout between them.
        pub struct Small(x: [6]) -> [3] {
            hidden: Dense(20, l2 = 0.001),
            Relu,
            Dropout(0.5),
            logits: Dense(3),
        }
    };
    let expansion = kiln_compiler::compile(&quote!(::kiln), tokens);
    let file = syn::parse2(expansion).expect("expansions are Rust");
    insta::assert_snapshot!(prettyplease::unparse(&file));
}

//! Whatever is written, the compiler answers and never panics.

use kiln_compiler::{compile, read, report::Report};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proptest::prelude::*;
use quote::quote;

/// Right declarations, from which mutations begin.
const MODELS: &[&str] = &[
    "struct Mnist(image: [1, 28, 28]) -> [10] {
        Conv2d(8, 3, stride = 2, padding = (1, 1)), Relu, MaxPool2d(2), Flatten,
        hidden: Dense(128, init = KaimingNormal, l2 = 1e-4), Dropout(0.2), logits: Dense(10),
    }",
    "pub struct Block(x: [16, 8, 8]) -> [16, 8, 8] {
        const WIDTH: usize = 16;
        conv1: Conv2d(WIDTH, kernel = 3, padding = Same, bias = false),
        forward { let h = relu(conv1(x)); (h + x) * x - h }
    }",
    "struct Rows(a: [28, 9], b: [4]) -> ([2], [14]) {
        const N: usize = (3 + 5) * 2 / 4 % 5 - 2;
        rnn: Lstm(10, layers = N), head: Dense(2),
        forward { let h = last(rnn(a)); (head(h), concat(h, b[..], axis = 0)) }
    }",
];

/// Tokens that mutations put in, numbers at the edges among them.
const TOKENS: &str = "0 1 2 18446744073709551615 4611686018427387904 2305843009213693951 1.5 x h true , ; : :: = - + * / % .. \
    ..= -> & ! # struct const let forward Dense Lstm Conv2d Reshape Slice Concat Same padding kernel axis layers () [] {} \
    (3, 4) [0] {x} [5 - 9] (9223372036854775807 * 9) usize slice reshape relu";

/// One change of a stream: what happens at which token.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Repeat,
    Replace(usize),
    Insert(usize),
    Redelimit,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Remove),
        Just(Change::Repeat),
        any::<usize>().prop_map(Change::Replace),
        any::<usize>().prop_map(Change::Insert),
        Just(Change::Redelimit),
    ]
}

/// The stream with a change at the token numbered `at`, which is counted down on the way.
fn mutate(tokens: TokenStream, at: &mut usize, change: &Change, pool: &[TokenTree]) -> TokenStream {
    let mut mutated = Vec::new();
    for token in tokens {
        let here = *at == 0;
        *at = at.wrapping_sub(1);
        let token = match token {
            TokenTree::Group(group) => {
                let delimiter = match (here, change, group.delimiter()) {
                    (true, Change::Redelimit, Delimiter::Parenthesis) => Delimiter::Bracket,
                    (true, Change::Redelimit, Delimiter::Bracket) => Delimiter::None,
                    (true, Change::Redelimit, _) => Delimiter::Parenthesis,
                    (_, _, delimiter) => delimiter,
                };
                Group::new(delimiter, mutate(group.stream(), at, change, pool)).into()
            }
            token => token,
        };
        match change {
            Change::Remove if here => {}
            Change::Repeat if here => mutated.extend([token.clone(), token]),
            Change::Replace(index) if here => mutated.push(pool[index % pool.len()].clone()),
            Change::Insert(index) if here => {
                mutated.extend([pool[index % pool.len()].clone(), token])
            }
            _ => mutated.push(token),
        }
    }
    mutated.into_iter().collect()
}

fn count(tokens: TokenStream) -> usize {
    let inside = |token| match token {
        TokenTree::Group(group) => 1 + count(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(inside).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_declarations_never_panic(
        model in 0..MODELS.len(),
        changes in prop::collection::vec((any::<usize>(), change()), 0..6),
    ) {
        let pool: TokenStream = TOKENS.parse().expect("tokens lex");
        let pool: Vec<TokenTree> = pool.into_iter().collect();
        let mut tokens: TokenStream = MODELS[model].parse().expect("models lex");
        for (at, change) in &changes {
            let mut at = at % count(tokens.clone()).max(1);
            tokens = mutate(tokens, &mut at, change, &pool);
        }
        let expansion = compile(&quote!(::kiln), tokens.clone());
        prop_assert!(syn::parse2::<syn::File>(expansion).is_ok());

        let mut report = Report::default();
        let (_, graphs) = read(tokens, &mut report);
        if report.take_messages().is_empty() {
            prop_assert!(graphs.iter().flat_map(|graph| &graph.values).all(|value| !value.shape.is_empty()));
            prop_assert!(graphs.iter().all(|graph| !graph.outputs.is_empty()));
        }
    }
}

//! Changes of token streams.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::dice::Dice;

/// Tokens that mutations put in, numbers at the edges among them.
const TOKENS: &str = "0 1 2 18446744073709551615 4611686018427387904 2147483648 2147483647 65536 1000 1.5 1e39 0.5 x h true , ; : :: = \
    - + * / % .. ..= -> & ! # | < > ? . struct const let forward fn as if match return mut Dense Lstm Conv2d MaxPool2d Reshape \
    Slice Concat Same padding kernel stride dilation axis layers init bias_init max_norm Orthogonal(1.4) Uniform(-1, 1) TruncatedNormal l1 l2 () [] {} (3, 4) [0] {x} [5 - 9] \
    (9223372036854775807 * 9) usize slice reshape relu concat [1..] #[doc = \"\"] block type bool [Relu; 3] {Relu, Tanh}";

/// More tokens are not made of fewer.
const MOST: usize = 4000;

/// A stream that is nested deeper is not changed any more: it is followed by recursion, on the small stack of the judge.
const DEEPEST: usize = 400;

/// One change of a stream: what happens at a token.
#[derive(Clone, Copy, Debug)]
enum Change {
    Remove,
    Repeat,
    Replace(usize),
    Insert(usize),
    Redelimit,
    /// The token in so many brackets.
    Nest(usize),
    /// All up to the token, so many times.
    Multiply(usize),
}

/// A stream after some changes.
pub fn mutated(mut tokens: TokenStream, changes: usize, dice: &mut Dice) -> TokenStream {
    let pool: TokenStream = TOKENS.parse().expect("tokens lex");
    let pool: Vec<TokenTree> = pool.into_iter().collect();
    for _ in 0..changes {
        if depth(tokens.clone()) > DEEPEST {
            break;
        }
        let size = count(tokens.clone());
        let change = match dice.below(16) {
            0..3 => Change::Remove,
            3..5 => Change::Repeat,
            5..9 => Change::Replace(dice.below(pool.len())),
            9..13 => Change::Insert(dice.below(pool.len())),
            13 => Change::Redelimit,
            14 => Change::Nest(dice.below(512)),
            _ => Change::Multiply(dice.below((MOST / size.max(1)).min(512))),
        };
        tokens = mutate(tokens, &mut dice.below(size), change, &pool);
    }
    tokens
}

/// The stream with a change at the token numbered `at`, which is counted down on the way.
fn mutate(tokens: TokenStream, at: &mut usize, change: Change, pool: &[TokenTree]) -> TokenStream {
    let mut mutated: Vec<TokenTree> = Vec::new();
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
            Change::Replace(index) if here => mutated.push(pool[index].clone()),
            Change::Insert(index) if here => mutated.extend([pool[index].clone(), token]),
            Change::Nest(depth) if here => mutated.push((0..depth).fold(token, |inside, _| {
                Group::new(Delimiter::Parenthesis, inside.into()).into()
            })),
            Change::Multiply(times) if here => {
                mutated.push(token);
                mutated = std::iter::repeat_n(mutated, times).flatten().collect();
            }
            _ => mutated.push(token),
        }
    }
    mutated.into_iter().collect()
}

fn depth(tokens: TokenStream) -> usize {
    let inside = |token| match token {
        TokenTree::Group(group) => 1 + depth(group.stream()),
        _ => 0,
    };
    tokens.into_iter().map(inside).max().unwrap_or(0)
}

fn count(tokens: TokenStream) -> usize {
    let inside = |token| match token {
        TokenTree::Group(group) => 1 + count(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(inside).sum()
}

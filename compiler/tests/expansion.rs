//! What small networks expand to, pinned as it reads: a change of the emitted code shows in full.
#![forbid(unsafe_code)]

use kiln_compiler::facade::Facade;
use proc_macro2::TokenStream;
use quote::quote;

fn pin(name: &str, tokens: TokenStream) {
    pin_for(name, true, tokens);
}

fn pin_for(name: &str, allocates: bool, tokens: TokenStream) {
    let facade = Facade {
        allocates,
        ..Facade::owning(quote!(::kiln))
    };
    let expansion = kiln_compiler::compile(&facade, tokens);
    let errors = expansion.to_string().matches("compile_error").count();
    assert_eq!(errors, 0, "{name} is without mistakes");
    let file = syn::parse2(expansion).expect("expansions are Rust");
    insta::assert_snapshot!(name, prettyplease::unparse(&file));
}

#[test]
fn chain() {
    pin(
        "chain",
        quote! {
            /// Two layers with a penalty, dropout between them.
            pub struct Small(x: [6]) -> [3] {
                hidden: Dense(20, l2 = 0.001),
                Relu,
                Dropout(0.5),
                logits: Dense(3),
            }
        },
    );
}

#[test]
fn convolution() {
    pin(
        "convolution",
        quote! {
            struct Convolution(image: [1, 8, 8]) -> [4] {
                conv1: Conv2d(6, 3),
                Relu,
                MaxPool2d(2),
                conv2: Conv2d(18, 3, padding = 1, bias = false),
                Flatten,
                Dense(4),
            }
        },
    );
}

#[test]
fn recurrence() {
    pin(
        "recurrence",
        quote! {
            struct Recurrence(steps: [5, 3]) -> [2] {
                lstm: Lstm(8, layers = 2),
                Last,
                fc: Dense(2),
            }
        },
    );
}

#[test]
fn states_and_lengths() {
    pin(
        "states_and_lengths",
        quote! {
            struct States(steps: [5, 3], before: [2, 8], count: u32) -> ([5, 16], [2, 8]) {
                gru: Gru(8, bidirectional = true),
                forward {
                    let (y, h) = gru(steps, before, length = count);
                    (y, h)
                }
            }
        },
    );
}

#[test]
fn stream() {
    pin(
        "stream",
        quote! {
            #[kiln(stream)]
            struct Stream(audio: [64, 1]) -> [64, 1] {
                conv: Conv1d(4, 3, padding = Causal, dilation = 2),
                Tanh,
                lstm: Lstm(8),
                fc: Dense(1),
            }
        },
    );
}

#[test]
fn shared_layers() {
    pin(
        "shared_layers",
        quote! {
            struct Shared(a: [4], b: [4]) -> ([4], [1]) {
                embed: Dense(4),
                same: Dense(1),
                forward {
                    let a = tanh(embed(a));
                    let b = tanh(embed(b));
                    (a + b, sigmoid(same(a * b)))
                }
            }
        },
    );
}

#[test]
fn dataflow() {
    pin(
        "dataflow",
        quote! {
            struct Dataflow(x: [4, 6]) -> [3] {
                each: Dense(3),
                forward {
                    let h = each(x);
                    last(h) * 0.5 + last(h[1..3])
                }
            }
        },
    );
}

#[test]
fn block_with_repetitions() {
    pin(
        "block_with_repetitions",
        quote! {
            block Residual<const CHANNELS: usize>(x) {
                conv: Conv2d(CHANNELS, 3, padding = 1, bias = false),
                bn: BatchNorm,
                forward { relu(bn(conv(x)) + x) }
            }

            struct Residuals(image: [3, 6, 6]) -> [2] {
                stem: { Conv2d(16, 1), Relu },
                stage: [Residual<16>; 2],
                GlobalAvgPool,
                fc: Dense(2),
            }
        },
    );
}

/// Without an allocator a network is a type alone.
#[test]
fn lent() {
    pin_for(
        "lent",
        false,
        quote!(struct Gate(x: [2]) -> [1] { Dense(1) }),
    );
}

/// Threads share updates by what gradients cost, and every application of a layer adds to its gradients.
#[test]
fn every_application_of_a_shared_layer_costs() {
    let shared = quote! {
        struct Shared(image: [1, 8, 8]) -> [16] {
            conv: Conv2d(1, 3, padding = 1),
            pool: MaxPool2d(2),
            flat: Flatten,
            same: Dense(16),
            forward { same(tanh(same(flat(conv(pool(conv(image))))))) }
        }
    };
    let facade = Facade::owning(quote!(::kiln));
    let expansion = kiln_compiler::compile(&facade, shared).to_string();
    let costs = expansion.split("cost : ").skip(1);
    let costs = costs.filter_map(|rest| rest.split_whitespace().next());
    // Weights and biases: pixels of both images, then two rows.
    assert_eq!(costs.collect::<Vec<_>>(), ["80", "80", "2", "2"]);
}

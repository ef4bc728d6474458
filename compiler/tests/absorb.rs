//! Which stages inference lets absorb a normalisation, that training marks these and no others, and which normalisations of
//! training add a residual.
#![forbid(unsafe_code)]

use kiln_compiler::{
    graphs,
    place::{absorb, fuse, layout},
    site::Activation,
};
use proc_macro2::TokenStream;
use quote::quote;

/// The convolutions of a network by their labels, and whether inference absorbs a normalisation into them.
fn convolutions(tokens: TokenStream) -> Vec<(String, bool)> {
    let graphs = graphs(tokens).expect("a network without mistakes");
    let mut layout = layout::place(&graphs[0], fuse::fuse(&graphs[0]));
    let inference = absorb::absorb(&layout);
    layout.normalise(&inference.normalised);
    let absorbing = inference.layout.stages.iter();
    let absorbing = absorbing.filter(|stage| stage.absorbed.is_some()).count();
    let marked = layout.stages.iter().filter(|stage| stage.normalised);
    assert_eq!(marked.count(), absorbing, "training marks what absorbs");
    let stages = layout.stages.into_iter();
    let convolutions = stages.filter(|stage| stage.op.kind() == "Conv2d");
    convolutions
        .map(|stage| (stage.label, stage.normalised))
        .collect()
}

#[test]
fn of_a_shared_layer_only_the_application_before_a_normalisation_absorbs_it() {
    let convolutions = convolutions(quote! {
        struct Shared(a: [16, 4, 4], b: [16, 4, 4]) -> [16, 4, 4] {
            conv: Conv2d(16, 1),
            bn: BatchNorm,
            forward { bn(conv(a)) + relu(conv(b)) }
        }
    });
    assert_eq!(
        convolutions,
        [("conv".into(), true), ("conv".into(), false)]
    );
}

#[test]
fn layers_of_equal_labels_are_told_apart() {
    let convolutions = convolutions(quote! {
        block Inner(x) {
            b: Conv2d(16, 1),
        }

        struct Alike(x: [16, 4, 4]) -> [16, 4, 4] {
            a: Inner,
            a_b: Conv2d(16, 1),
            bn: BatchNorm,
            forward { bn(a_b(relu(a(x)))) }
        }
    });
    assert_eq!(convolutions, [("a_b".into(), false), ("a_b".into(), true)]);
}

/// The stages of training by their labels, with what each reads and whether an activation ends it.
fn training(tokens: TokenStream) -> Vec<(String, usize, bool)> {
    let graphs = graphs(tokens).expect("a network without mistakes");
    let layout = layout::place(&graphs[0], fuse::fuse(&graphs[0]));
    let stages = absorb::training(&layout).stages.into_iter();
    let row = |stage: fuse::Stage| {
        let activated = stage.activation != Activation::IDENTITY;
        (stage.label, stage.inputs.len(), activated)
    };
    stages.map(row).collect()
}

#[test]
fn training_adds_a_residual_where_a_normalisation_is_applied() {
    let stages = training(quote! {
        struct Residual(x: [16, 4, 4]) -> [16, 4, 4] {
            stem: Conv2d(16, 3, padding = 1),
            conv: Conv2d(16, 3, padding = 1),
            bn: BatchNorm,
            next: Conv2d(16, 3, padding = 1),
            forward {
                let x = stem(x);
                next(relu(bn(conv(x)) + x))
            }
        }
    });
    let names = stages.iter().map(|(label, ..)| &label[..]);
    assert!(
        names.clone().all(|name| !name.starts_with("add")),
        "{stages:?}"
    );
    assert!(
        names.clone().all(|name| !name.starts_with("relu")),
        "{stages:?}"
    );
    assert!(stages.contains(&("bn".into(), 2, true)), "{stages:?}");
}

#[test]
fn of_two_normalisations_the_later_one_adds_the_other() {
    let stages = training(quote! {
        struct Down(x: [16, 4, 4]) -> [16, 2, 2] {
            conv: Conv2d(16, 3, stride = 2, padding = 1),
            bn: BatchNorm,
            skip: Conv2d(16, 1, stride = 2),
            bn_skip: BatchNorm,
            forward { relu(bn(conv(x)) + bn_skip(skip(x))) }
        }
    });
    assert!(stages.contains(&("bn".into(), 1, false)), "{stages:?}");
    assert!(stages.contains(&("bn_skip".into(), 2, true)), "{stages:?}");
}

#[test]
fn a_normal_result_that_others_read_is_added_to_by_itself() {
    let stages = training(quote! {
        struct Twice(x: [16, 4, 4]) -> ([16, 4, 4], [16, 4, 4]) {
            conv: Conv2d(16, 1),
            bn: BatchNorm,
            forward {
                let y = bn(conv(x));
                (relu(y + x), y)
            }
        }
    });
    assert!(stages.contains(&("bn".into(), 1, false)), "{stages:?}");
    let sums = stages.iter().filter(|(label, ..)| label.starts_with("add"));
    assert_eq!(sums.count(), 1, "{stages:?}");
}

#[test]
fn a_pooling_moves_before_what_rises() {
    let pooled = |tanh: TokenStream| {
        let graphs = graphs(quote! {
            struct Net(x: [3, 8, 8]) -> [16, 3, 3] { Conv2d(16, 3), #tanh, MaxPool2d(2) }
        });
        let graphs = graphs.expect("a network without mistakes");
        layout::place(&graphs[0], fuse::fuse(&graphs[0]))
            .stages
            .len()
    };
    let (exact, fast) = (pooled(quote!(Tanh)), pooled(quote!(Tanh(fast = true))));
    assert_eq!(exact + 1, fast);
}

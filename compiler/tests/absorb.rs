//! Which stages inference lets absorb a normalisation, and that training marks these and no others.
#![forbid(unsafe_code)]

use kiln_compiler::{
    graphs,
    place::{absorb, fuse, layout},
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

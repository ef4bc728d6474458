//! Blocks, repetitions, nested chains and templates: what they become, and each mistake in them.

use super::{graph, mistakes, read_all};

#[test]
fn every_mistake_is_told_once_with_the_uses_it_concerns() {
    let checked = mistakes::check(include_str!("blocks.txt"));
    assert!(checked > 50, "{checked}");
}

#[test]
fn layers_of_blocks_have_the_names_of_modules() {
    let graph = graph(
        "block Residual<const CHANNELS: usize>(x) {
            conv1: Conv2d(CHANNELS, 3, padding = 1),
            norm: { Relu, Conv2d(CHANNELS, 1, name = \"last\") },
            forward { relu(norm(conv1(x)) + x) }
        }
        struct Net(image: [1, 8, 8]) -> [10] {
            stem: { Conv2d(16, 3, padding = 1), Relu },
            stage1: [Residual<16>; 2],
            [{ Conv2d(16, 1), Tanh }; 2],
            Flatten,
            fc: Dense(10),
        }",
    );
    let names = graph.layers.iter().map(|layer| layer.name.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "stem.0",
            "stem.1",
            "stage1.0.conv1",
            "stage1.0.norm.0",
            "stage1.0.norm.last",
            "stage1.1.conv1",
            "stage1.1.norm.0",
            "stage1.1.norm.last",
            "2.0.0",
            "2.0.1",
            "2.1.0",
            "2.1.1",
            "3",
            "fc",
        ]
    );
}

#[test]
fn a_block_that_is_called_twice_shares_its_weights() {
    let graph = graph(
        "block Twice(x) { a: Dense(4), forward { a(relu(a(x))) } }
        struct Net(x: [4]) -> [4] { t: Twice, forward { t(t(x)) } }",
    );
    assert_eq!(graph.layers.len(), 1);
    let applied = graph.nodes.iter().filter(|node| node.layer.is_some());
    assert_eq!(applied.count(), 4);
}

#[test]
fn templates_become_models_with_the_attributes_of_both() {
    let (models, graphs) = read_all(
        "/// A template.
        #[derive(PartialEq)]
        struct Mlp<const HIDDEN: usize, const BIAS: bool = true>(x: [HIDDEN]) -> [2] {
            const DOUBLE: usize = 2 * HIDDEN;
            hidden: Dense(DOUBLE, bias = BIAS),
            Dense(2),
        }
        type Small = Mlp<4>;
        /// Without a bias.
        pub type Large = Mlp<{ 4 * 4 }, false>;",
    );
    let names: Vec<_> = models.iter().map(|model| model.name.to_string()).collect();
    assert_eq!(names, ["Small", "Large"]);
    assert_eq!(
        (models[0].attributes.len(), models[1].attributes.len()),
        (2, 3)
    );
    assert!(matches!(models[1].visibility, syn::Visibility::Public(_)));
    let parameters = |index: usize| graphs[index].layers[0].parameters.len();
    assert_eq!((parameters(0), parameters(1)), (2, 1));
    assert_eq!(graphs[1].layers[0].parameters[0].shape, [32, 16]);
}

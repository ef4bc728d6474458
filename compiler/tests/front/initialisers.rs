//! How weights begin, beside what `torch.nn.init` draws them from: `initialisers.txt`, which
//! `tests/golden/initialisers.py` writes.

use super::graph;
use kiln_compiler::parameter::Init;

/// The distribution as the table writes it.
fn shown(init: &Init) -> (&str, Vec<f64>) {
    match *init {
        Init::Uniform(bound) => ("uniform", vec![-bound, bound]),
        Init::Between(low, high) => ("uniform", vec![low, high]),
        Init::Normal(std) => ("normal", vec![std]),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn weights_begin_as_pytorchs() {
    let mut checked = 0;
    for line in include_str!("initialisers.txt").lines() {
        let columns: Vec<&str> = line.split(" | ").collect();
        let [shape, layer, init, tensor, expected] = columns[..] else {
            panic!("{line}")
        };
        let layer = layer.strip_suffix(')').expect(line);
        // What a layer gives is no matter here, so that a network flattens it and learns one number of it.
        let graph = graph(&format!(
            "struct Net(x: {shape}) -> [1] {{ {layer}, init = {init}), Flatten, Dense(1) }}"
        ));
        let parameters = &graph.layers[0].parameters;
        let parameter = parameters.iter().find(|it| it.name == tensor).expect(line);
        let (kind, numbers) = shown(&parameter.init);
        let mut words = expected.split(' ');
        assert_eq!(words.next(), Some(kind), "{line}: {:?}", parameter.init);
        let expected: Vec<f64> = words.map(|word| word.parse().expect(line)).collect();
        assert_eq!(numbers.len(), expected.len(), "{line}");
        for (found, expected) in numbers.iter().zip(&expected) {
            assert!(
                (found - expected).abs() <= 1e-12 * expected.abs(),
                "{line}: {found}"
            );
        }
        checked += 1;
    }
    assert!(checked > 300, "{checked}");
}

//! Which of a file's tensors may be which of a model's parameters, by another name.

use crate::{
    error::{Alike, nearest::distance},
    tensor::Tensor,
};
use alloc::{string::ToString, vec::Vec};

/// Names that are compared at most, so that a file of a million tensors is refused as soon as a small one.
const COMPARED: usize = 20_000;

/// Pairs of equal shapes whose names are much alike, the likeliest first chosen, in the order of the model.
pub fn pairs(missing: &[&Tensor], unexpected: &[(&str, &[usize])]) -> Vec<Alike> {
    let candidates = missing.iter().enumerate().flat_map(|(expected, tensor)| {
        let unexpected = unexpected.iter().enumerate();
        let equal = unexpected.filter(|(_, (_, shape))| *shape == tensor.shape);
        equal.map(move |(found, (name, _))| (tensor.name, *name, expected, found))
    });
    let mut likely = candidates
        .take(COMPARED)
        .filter_map(|(model, file, expected, found)| {
            Some((unlikeness(model, file)?, expected, found))
        })
        .collect::<Vec<_>>();
    likely.sort_unstable();
    let mut of_missing = alloc::vec![None; missing.len()];
    let mut taken = alloc::vec![false; unexpected.len()];
    for (_, expected, found) in likely {
        if of_missing[expected].is_none() && !taken[found] {
            of_missing[expected] = Some(found);
            taken[found] = true;
        }
    }
    let pairs = missing.iter().zip(of_missing);
    pairs
        .filter_map(|(tensor, found)| {
            Some(Alike {
                found: unexpected[found?].0.to_string(),
                expected: tensor.name.to_string(),
                shape: tensor.shape.to_vec(),
            })
        })
        .collect()
}

/// How unlike two names are: 0 if one is the other behind a prefix, else by edits. Nothing if they end differently, as
/// `fc.weight` and `fc.bias` do, and are not otherwise near.
fn unlikeness(model: &str, file: &str) -> Option<usize> {
    let behind = |long: &str, short: &str| {
        let prefix = long.strip_suffix(short);
        prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
    };
    if behind(file, model) || behind(model, file) {
        return Some(0);
    }
    let edits = distance(model, file)?;
    let end = |name: &str| name.rsplit('.').next().map(ToString::to_string);
    let near = edits <= (model.len().min(file.len()) / 3).max(1);
    (near || end(model) == end(file)).then_some(1 + edits)
}

#[cfg(test)]
mod tests {
    use super::pairs;
    use crate::{tensor::Tensor, testing};
    use alloc::{format, vec::Vec};

    const fn tensor(name: &'static str, shape: &'static [usize]) -> Tensor {
        testing::tensor(name, shape, 0, &[])
    }

    fn expect(missing: &[Tensor], unexpected: &[(&str, &[usize])], expected: &[(&str, &str)]) {
        let missing = missing.iter().collect::<Vec<_>>();
        let pairs = pairs(&missing, unexpected);
        let names = pairs.iter().map(|pair| (&*pair.expected, &*pair.found));
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn shapes_and_names_decide() {
        let model = [
            tensor("0.weight", &[8, 4]),
            tensor("0.bias", &[8]),
            tensor("2.weight", &[8, 8]),
            tensor("2.bias", &[8]),
        ];
        let file: [(&str, &[usize]); 5] = [
            ("fc1.bias", &[8]),
            ("fc1.weight", &[8, 4]),
            ("fc2.bias", &[8]),
            ("fc2.weight", &[8, 8]),
            ("steps", &[8]),
        ];
        expect(
            &model,
            &file,
            &[
                ("0.weight", "fc1.weight"),
                ("0.bias", "fc1.bias"),
                ("2.weight", "fc2.weight"),
                ("2.bias", "fc2.bias"),
            ],
        );
    }

    #[test]
    fn a_prefix_is_likelier_than_any_edit() {
        let model = [tensor("fc.bias", &[8])];
        let file: [(&str, &[usize]); 2] = [("fcc.bias", &[8]), ("module.encoder.fc.bias", &[8])];
        expect(&model, &file, &[("fc.bias", "module.encoder.fc.bias")]);
    }

    #[test]
    fn unlike_names_and_shapes_are_no_pairs() {
        let model = [tensor("fc.bias", &[8])];
        let file: [(&str, &[usize]); 2] = [("fc.bias2", &[9]), ("running_mean", &[8])];
        expect(&model, &file, &[]);
    }

    #[test]
    fn many_names_are_not_compared_for_ever() {
        let names = (0..200_000)
            .map(|i| format!("{i}.bias"))
            .collect::<Vec<_>>();
        let file = names
            .iter()
            .map(|name| (name.as_str(), &[8_usize][..]))
            .collect::<Vec<_>>();
        let model = [tensor("0.bias", &[8]); 50];
        let missing = model.iter().collect::<Vec<_>>();
        assert!(pairs(&missing, &file).len() <= 50);
    }
}

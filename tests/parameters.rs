//! Parameters that follow those of another network, and that stay within bounds.
#![forbid(unsafe_code)]

use kiln::prelude::*;

model! {
    struct Critic(image: [3, 5, 5]) -> [2] {
        Conv2d(7, kernel = 3),
        BatchNorm,
        Relu,
        Flatten,
        Dense(2),
    }
}

fn all(net: &Critic) -> Vec<(&'static str, Vec<f32>)> {
    let parameters = net.parameters();
    let get = |name| parameters.get(name).expect("a parameter of this name");
    let names = parameters.names();
    names.map(|(name, _)| (name, get(name))).collect()
}

/// A network whose statistics have followed some batches.
fn taught(seed: u64) -> Critic {
    let mut net = Critic::new(Seed(seed));
    let images: Vec<[[[f32; 5]; 5]; 3]> = (0..24)
        .map(|sample| [[[((sample * 7 + seed) % 11) as f32 / 11.0; 5]; 5]; 3])
        .collect();
    let labels: Vec<usize> = (0..24).map(|sample| sample % 2).collect();
    let data = kiln::data::Samples::new(images, labels).expect("as many");
    Trainer::new(Sgd::new(0.1), CrossEntropy)
        .batch(8)
        .quiet()
        .fit(&mut net, &data)
        .expect("sound");
    net
}

#[test]
fn a_network_follows_another() {
    let (start, other) = (Critic::new(Seed(1)), taught(2));
    let mut net = start.clone();
    net.lerp_from(&other, 0.25).expect("from 0 to 1");
    for (((name, found), (_, a)), (_, b)) in all(&net).iter().zip(all(&start)).zip(all(&other)) {
        for ((&found, a), b) in found.iter().zip(a).zip(b) {
            if name.ends_with("num_batches_tracked") {
                assert_eq!(found, b, "{name}");
                continue;
            }
            // A difference and a sum of the two are rounded once each.
            let [found, a, b] = [found, a, b].map(f64::from);
            let bound = f64::from(f32::EPSILON) * a.abs().max(b.abs());
            let expected = a + 0.25 * (b - a);
            assert!(
                (found - expected).abs() <= bound,
                "{name}: {found}, {expected}"
            );
        }
    }
    // Equal numbers stay as they are, from whichever end they are moved.
    for tau in [0.0, 0.001, 0.3, 0.7, 0.999] {
        let (mut same, before) = (other.clone(), all(&other));
        same.lerp_from(&other, tau).expect("from 0 to 1");
        assert_eq!(all(&same), before);
    }
    net.lerp_from(&other, 0.0).expect("from 0 to 1");
    let before = all(&net);
    for tau in [-0.1, 1.1, f64::NAN] {
        let error = net.lerp_from(&other, tau).expect_err("no part");
        let error = error.to_string();
        assert!(
            error.ends_with("but must be from 0 to 1, such as 0.005"),
            "{error}"
        );
    }
    assert_eq!(all(&net), before);
    net.parameters_mut()
        .set("4.bias", &[f32::NAN, 1.0])
        .expect("two numbers");
    net.lerp_from(&other, 1.0).expect("from 0 to 1");
    assert_eq!(all(&net), all(&other));
}

#[test]
fn weights_are_clamped_and_padding_is_not() {
    let mut net = taught(3);
    let before = all(&net);
    net.parameters_mut().clamp(0.01..=0.05).expect("a range");
    for ((name, found), (_, before)) in all(&net).iter().zip(before) {
        let learnt = name.ends_with("weight") || name.ends_with("bias");
        for (&found, before) in found.iter().zip(before) {
            let expected = if learnt {
                before.clamp(0.01, 0.05)
            } else {
                before
            };
            assert_eq!(found, expected, "{name}");
        }
    }
    // What is padding still counts for nothing.
    let numbers: f64 = all(&net)
        .iter()
        .filter(|(name, _)| name.ends_with("weight") || name.ends_with("bias"))
        .flat_map(|(_, numbers)| numbers)
        .map(|&number| f64::from(number) * f64::from(number))
        .sum();
    assert!((net.parameters().norm() - numbers.sqrt()).abs() < 1e-9);
    for range in [0.5..=0.1, f32::NAN..=1.0, 0.0..=f32::NAN] {
        assert!(net.parameters_mut().clamp(range).is_err());
    }
}

/// Statistics and counts go along; names and shapes must be there.
#[test]
fn weights_are_copied_by_name() {
    model! {
        struct Part(image: [3, 5, 5]) -> [7, 3, 3] { Conv2d(7, kernel = 3), BatchNorm }
        struct Other(image: [3, 5, 5]) -> [7, 3, 3] { Conv2d(7, kernel = 3), BatchNorm, Relu, own: Conv2d(7, 1) }
        struct Wider(image: [3, 5, 5]) -> [8, 3, 3] { Conv2d(8, kernel = 3), BatchNorm }
    }
    let net = taught(4);
    let mut part = Part::new(Seed(9));
    part.parameters_mut()
        .copy_from(&net.parameters())
        .expect("all are there");
    for (name, values) in all(&net) {
        if let Some(copied) = part.parameters().get(name) {
            assert_eq!(copied, values, "{name}");
        }
    }
    assert!(part.parameters().get("1.num_batches_tracked").is_some());
    let mut other = Other::new(Seed(9));
    let before = other.parameters().get("0.weight");
    let error = other
        .parameters_mut()
        .copy_from(&net.parameters())
        .expect_err("`own` is not there");
    assert!(
        error
            .to_string()
            .contains("no parameter is named `own.weight`"),
        "{error}"
    );
    assert_eq!(other.parameters().get("0.weight"), before);
    let mut wider = Wider::new(Seed(9));
    let error = wider
        .parameters_mut()
        .copy_from(&net.parameters())
        .expect_err("shapes differ");
    assert!(error.to_string().contains("`0.weight`"), "{error}");
    assert!(error.to_string().contains("[8, 3, 3, 3]"), "{error}");
}

//! Answers and parameters by name.

use super::{
    mlp::{HIDDEN, INPUTS, Mlp, OUTPUTS},
    samples,
};
use crate::{
    block::Block,
    error::{Error, Result},
    inference::{Workspace, forward, forward_batch, forward_in},
    model::Model,
    network::Network,
    parameters::{Parameters, Seed, initialized},
};
use alloc::{vec, vec::Vec};

type Net = Mlp<true, false>;

/// The network by its names, in double precision.
pub fn reference<N: Model>(net: &N, input: &[f32; INPUTS]) -> Vec<f64> {
    let get = |name| net.parameters().get(name).unwrap_or_default();
    let layer = |weights: &[f32], biases: &[f32], x: &[f64]| -> Vec<f64> {
        let rows = weights.chunks(x.len()).zip(biases);
        let row = |(row, bias): (&[f32], &f32)| {
            let products = row.iter().zip(x).map(|(w, x)| f64::from(*w) * x);
            f64::from(*bias) + products.sum::<f64>()
        };
        rows.map(row).collect()
    };
    let x: Vec<f64> = input.iter().copied().map(f64::from).collect();
    let mut hidden = layer(&get("hidden.weight"), &get("hidden.bias"), &x);
    hidden.iter_mut().for_each(|h| *h = h.max(0.0));
    layer(&get("logits.weight"), &get("logits.bias"), &hidden)
}

#[test]
fn all_ways_to_answer_agree_with_the_parameters_by_name() -> Result<()> {
    let net: Net = initialized(Seed(4));
    let data = samples(100);
    let mut outputs = vec![[0.0; OUTPUTS]; 100];
    let mut again = outputs.clone();
    forward_batch(&net, data.inputs(), &mut outputs)?;
    let mut workspace = Workspace::new(7);
    workspace.forward_batch(&net, data.inputs(), &mut again)?;
    let mut memory = [Block::ZERO; 3];
    for ((input, output), again) in data.inputs().iter().zip(&outputs).zip(&again) {
        let mut placed = [0.0; OUTPUTS];
        forward_in(&net, input, &mut placed, &mut memory)?;
        let all = [
            *output,
            *again,
            placed,
            forward(&net, input),
            workspace.forward(&net, input),
        ];
        for (i, expected) in reference(&net, input).into_iter().enumerate() {
            for output in all {
                assert!((f64::from(output[i]) - expected).abs() < 1e-5);
            }
        }
    }
    Ok(())
}

#[test]
fn slices_that_do_not_pair_are_refused() {
    let net: Net = initialized(Seed(4));
    let data = samples(3);
    let refused = forward_batch(&net, data.inputs(), &mut [[0.0; OUTPUTS]; 2]);
    assert!(matches!(
        refused,
        Err(Error::Outputs {
            inputs: 3,
            outputs: 2
        })
    ));
    let refused = forward_in(
        &net,
        &data.inputs()[0],
        &mut [0.0; OUTPUTS],
        &mut [Block::ZERO; 2],
    );
    assert!(matches!(
        refused,
        Err(Error::Lent {
            what: "blocks of a workspace",
            expected: 3,
            found: 2
        })
    ));
    assert!(forward_batch(&net, &[], &mut []).is_ok());
}

#[test]
fn parameters_are_read_and_written_by_name() -> Result<()> {
    let mut net: Net = initialized(Seed(4));
    let names: Vec<_> = net.parameters().names().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "hidden.weight",
            "hidden.bias",
            "logits.weight",
            "logits.bias"
        ]
    );
    let values: Vec<f32> = (0..HIDDEN * INPUTS).map(|i| i as f32).collect();
    net.parameters_mut().set("hidden.weight", &values)?;
    assert_eq!(net.parameters().get("hidden.weight"), Some(values));
    // Output 17, input 3: panel 1, block 3, lane 1.
    assert_eq!(net.arena()[INPUTS + 3].0[1], (17 * INPUTS + 3) as f32);
    assert_eq!(net.arena()[INPUTS + 3].0[4..], [0.0; 12]);

    assert_eq!(net.parameters().get("weight"), None);
    let refused = net.parameters_mut().set("weight", &[]);
    assert!(
        matches!(refused, Err(Error::UnknownParameter { name, nearest: None }) if name == "weight")
    );
    let refused = net.parameters_mut().set("hiden.weigth", &[]);
    assert!(matches!(
        refused,
        Err(Error::UnknownParameter {
            nearest: Some("hidden.weight"),
            ..
        })
    ));
    let refused = net.parameters_mut().set("logits.bias", &[0.0; 4]);
    assert!(matches!(
        refused,
        Err(Error::ParameterLength {
            expected: 3,
            found: 4,
            ..
        })
    ));
    Ok(())
}

/// The same seed fills every tensor as the streams say, wherever it lies.
#[test]
fn a_seed_does_not_depend_on_the_layout() {
    let (one, other): (Net, Mlp<false, true>) = (initialized(Seed(9)), initialized(Seed(9)));
    assert_eq!(one.arena(), other.arena());
    let weights = one.parameters().get("hidden.weight").unwrap_or_default();
    let mut generator = crate::random::stream(9, 0);
    for weight in weights {
        let bits = rand_core::Rng::next_u32(&mut generator) >> 8;
        assert_eq!(weight, (bits as f32 / 8_388_608.0 - 1.0) * 0.378);
    }
}

/// What a network gives that is compiled with its weights, where there is no memory to change them in.
#[test]
fn parameters_that_cannot_change_say_so() {
    let mut fixed = Parameters::<Net, &mut [Block]>::fixed(&mut []);
    let bytes = (<Net as Network>::PARAMETER_BLOCKS * size_of::<Block>()) as u128;
    let is_expected = |found: Result<()>| match found {
        Err(Error::Memory { bytes: found, .. }) => found == bytes,
        _ => false,
    };
    let mut bias = [0.0; OUTPUTS];
    assert!(is_expected(fixed.set("logits.bias", &bias)));
    assert!(is_expected(fixed.read("logits.bias", &mut bias)));
    assert!(is_expected(fixed.clamp(-1.0..=1.0)));
    assert!(fixed.blocks_mut().is_empty());
    assert_eq!(fixed.names().count(), 4);
}

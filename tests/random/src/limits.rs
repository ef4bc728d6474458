//! The judgement of limits: a step of plain gradient descent, and then `torch.renorm` in double precision.

use kiln::{Descent, Model, Sgd, Training};
use kiln_compiler::graph::Graph;

/// The learning rate of the step.
const RATE: f32 = 0.5;

/// How far a weight may be off, relative to the largest of its tensor.
const TOLERANCE: f64 = 1e-6;

/// Takes a step, and holds every tensor that is learnt against its definition.
///
/// # Panics
///
/// If it is wrong.
pub fn judge<M: Model>(graph: &Graph, net: &M, training: &Training<M>, here: &str) {
    let mut after = net.clone();
    let mut descent = Descent::new(net, Sgd::new(f64::from(RATE))).expect(here);
    descent
        .apply(&mut after, training.gradients())
        .expect("a rate");
    for layer in &graph.layers {
        for parameter in layer.parameters.iter().filter(|it| it.is_learnt()) {
            let name = format!("{}.{}", layer.name, parameter.name);
            let weights = net.parameters().get(&name).expect(here);
            let gradients = training.gradients().get(&name).expect(here);
            let moved = weights.iter().zip(&gradients);
            let moved = moved.map(|(&w, &g)| f64::from(w - RATE * g));
            let mut expected = moved.collect::<Vec<_>>();
            if let Some(limit) = parameter.max_norm {
                // Outputs are the first axis, or the second of what is transposed.
                let axis = usize::from(layer.kind.starts_with("ConvTranspose"));
                let inner: usize = parameter.shape[axis + 1..].iter().product();
                for output in 0..parameter.shape[axis] {
                    let is_of = |index: &usize| index / inner % parameter.shape[axis] == output;
                    let own = (0..expected.len()).filter(is_of).collect::<Vec<_>>();
                    renorm(&mut expected, &own, limit);
                }
            }
            let scale = expected.iter().map(|x| x.abs()).fold(0.1, f64::max);
            let found = after.parameters().get(&name).expect(here);
            for (index, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (f64::from(found) - expected).abs() <= TOLERANCE * scale,
                    "{name} at {index} after a step: {found} is not {expected}, {here}"
                );
            }
        }
    }
}

/// Brings the norm of some weights down to a limit.
fn renorm(weights: &mut [f64], own: &[usize], limit: f64) {
    let squares = own.iter().map(|&index| weights[index] * weights[index]);
    let norm = squares.sum::<f64>().sqrt();
    if norm > limit {
        own.iter()
            .for_each(|&index| weights[index] *= limit / (norm + 1e-7));
    }
}

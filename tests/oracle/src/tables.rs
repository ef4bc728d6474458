//! Tables of vectors: looked up by tokens, and added to steps.

use super::{Application, Tensor};

/// The row of each token; zeros where there is none.
pub fn embedding(application: &Application<'_>) -> Vec<f64> {
    let (table, features) = (
        application.parameters[0],
        application.parameters[0].shape[1],
    );
    let row = |&token: &f64| {
        let row = table.data.chunks_exact(features).nth(token as usize);
        row.map_or(vec![0.0; features], <[f64]>::to_vec)
    };
    application.inputs[0].data.iter().flat_map(row).collect()
}

/// The products of every vector with all rows.
pub fn attend(application: &Application<'_>) -> Vec<f64> {
    let (x, table) = (application.inputs[0], application.parameters[0]);
    let features = table.shape[1];
    let product = |x: &[f64], w: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum();
    let products = |x| {
        table
            .data
            .chunks_exact(features)
            .map(move |w| product(x, w))
    };
    x.data.chunks_exact(features).flat_map(products).collect()
}

/// Every step with its row of a table.
pub fn positions(application: &Application<'_>) -> Vec<f64> {
    let pairs = application.inputs[0]
        .data
        .iter()
        .zip(application.parameters[0].data);
    pairs.map(|(x, w)| x + w).collect()
}

/// Every step with the sines and cosines of its number.
pub fn sinusoidal(application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let features = x.shape[1];
    let position = |index: usize| {
        let (step, feature) = (index / features, index % features);
        let angle = step as f64 / 10_000_f64.powf((feature / 2 * 2) as f64 / features as f64);
        if feature % 2 == 0 {
            angle.sin()
        } else {
            angle.cos()
        }
    };
    x.data
        .iter()
        .enumerate()
        .map(|(index, x)| x + position(index))
        .collect()
}

/// The same application to the steps that count alone, where a length is given.
pub fn counted<'a>(application: &Application<'a>) -> Application<'a> {
    let mut counted = application.clone();
    if let [x, length] = application.inputs[..] {
        let steps = (length.data[0] as usize).clamp(1, x.shape[0]);
        let inner = x.data.len() / x.shape[0];
        counted.inputs = vec![Tensor {
            shape: x.shape,
            data: &x.data[..steps * inner],
        }];
    }
    counted
}

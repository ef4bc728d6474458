//! `Sum`, `sum(x, axis = 0)`: the sum of all numbers, or along some axes, as `torch.sum`.

super::reduction::reduction! {
    /// The sum along axes.
    Sum
}

fn forward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.sum(site, 1.0)
}

/// d(the sum) = the sum of dx.
fn backward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.spread(site, 1.0)
}

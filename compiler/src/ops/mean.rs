//! `Mean`, `mean(x, axis = 0)`: the mean of all numbers, or along some axes, as `torch.mean`.

super::reduction::reduction! {
    /// The mean along axes.
    Mean
}

fn forward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.sum(site, reduction.count(site.input_shape(0)))
}

/// d(the mean of n) = the sum of dx / n.
fn backward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.spread(site, reduction.count(site.input_shape(0)))
}

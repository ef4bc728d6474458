//! `Min`, `min(x, axis = 0)`: the least of all numbers, or along some axes, as `torch.amin`.

super::reduction::reduction! {
    /// The least number along axes.
    Min
}

fn forward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.extreme(site, -1.0)
}

/// All that are as small as the least share its delta evenly.
fn backward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.share(site)
}

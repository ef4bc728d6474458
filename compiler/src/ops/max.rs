//! `Max`, `max(x, axis = 0)`: the largest of all numbers, or along some axes, as `torch.amax`.

super::reduction::reduction! {
    /// The largest number along axes.
    Max
}

fn forward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.extreme(site, 1.0)
}

/// All that are as large as the largest share its delta evenly.
fn backward(reduction: &Reduction, site: &Site<'_>) -> Vec<Call<Slot>> {
    reduction.share(site)
}

//! `Relu`: max(x, 0), number by number, as `torch.nn.ReLU`.

super::activation::activation! {
    /// The rectifier.
    Relu = RELU, keeps_zero = true, floor = Some(0.0)
}

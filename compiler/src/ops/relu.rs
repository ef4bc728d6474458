//! `Relu`: max(x, 0), number by number, as `torch.nn.ReLU`.

super::elementwise::activation! {
    /// The rectifier.
    Relu, keeps_zero = true
}

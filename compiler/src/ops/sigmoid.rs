//! `Sigmoid`: 1 / (1 + e^-x), number by number, as `torch.nn.Sigmoid`.

super::elementwise::activation! {
    /// The logistic function.
    Sigmoid, keeps_zero = false
}

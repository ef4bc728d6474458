//! `Sigmoid`: 1 / (1 + e^-x), number by number, as `torch.nn.Sigmoid`.

super::activation::activation! {
    /// The logistic function.
    Sigmoid = SIGMOID, keeps_zero = false, floor = None
}

//! `Tanh`: (e^x - e^-x) / (e^x + e^-x), number by number, as `torch.nn.Tanh`.

super::activation::activation! {
    /// The hyperbolic tangent.
    Tanh = TANH, keeps_zero = true, floor = None
}

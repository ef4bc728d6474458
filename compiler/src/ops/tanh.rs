//! `Tanh`: (e^x - e^-x) / (e^x + e^-x), number by number, as `torch.nn.Tanh`.

super::elementwise::activation! {
    /// The hyperbolic tangent.
    Tanh, keeps_zero = true
}

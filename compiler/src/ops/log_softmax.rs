//! `LogSoftmax`: x minus the logarithm of the sum of e^x along the last axis, as `torch.nn.LogSoftmax(dim=-1)`.

super::elementwise::over_rows! {
    /// Numbers as logarithms of probabilities.
    LogSoftmax, log_softmax, log_softmax_backward
}

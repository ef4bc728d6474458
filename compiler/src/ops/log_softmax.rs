//! `LogSoftmax`: x minus the logarithm of the sum of e^x along the last axis, as `torch.nn.LogSoftmax(dim=-1)`.

crate::rt::kernels! {
    FORWARD = softmax::log_forward(s, x, out y);
    BACKWARD = softmax::log_backward(s, y, dy, add dx);
}

super::normalised::normalised! {
    /// Numbers as logarithms of probabilities.
    LogSoftmax
}

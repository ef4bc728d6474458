//! `Softmax`: e^x over its sum along the last axis, as `torch.nn.Softmax(dim=-1)`.
//!
//! A model that is trained by cross-entropy ends in logits instead: the loss has the softmax in it.

crate::rt::kernels! {
    FORWARD = softmax::forward(s, x, out y);
    BACKWARD = softmax::backward(s, y, dy, add dx);
}

super::normalised::normalised! {
    /// Numbers as probabilities.
    Softmax
}

//! `Softmax`: e^x over its sum along the last axis, as `torch.nn.Softmax(dim=-1)`.
//!
//! A model that is trained by cross-entropy ends in logits instead: the loss has the softmax in it.

super::elementwise::over_rows! {
    /// Numbers as probabilities.
    Softmax, softmax, softmax_backward
}

//! Losses, as PyTorch defines them.

use crate::simd::Isa;

/// Judges one output against its target.
pub trait Loss<Output>: Send + Sync {
    /// What an output is compared with.
    type Target: Clone + Send + Sync + 'static;

    /// The loss of one sample; leaves `scale` times its gradient by the output in `delta`, which comes zeroed.
    fn row<S: Isa>(
        &self,
        s: S,
        output: &Output,
        target: &Self::Target,
        scale: f32,
        delta: &mut Output,
    ) -> f32;

    /// Whether the prediction is right, for losses that know what that means.
    fn correct(&self, output: &Output, target: &Self::Target) -> Option<bool> {
        let _ = (output, target);
        None
    }
}

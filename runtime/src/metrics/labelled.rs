//! Outputs as rows of scores, and the class that each row should have.

use crate::loss::{Label, argmax};

/// A target that says the right class of each row of an output's scores.
///
/// - A label, any integer, for logits `[f32; N]`; labels `[_; T]` for a sequence `[[f32; N]; T]`, whose steps are a row each.
///   A label that is no class, such as PyTorch's ignored -100, leaves its row out. A lone logit, `[f32; 1]`, is of two
///   classes, 0 and 1.
/// - Numbers `[f32; N]` for `[f32; N]`, as those of a binary cross-entropy: N questions whose answers are yes, class 1, where
///   the target is above 0.5, and no, class 0, otherwise. Each is a row of one score.
#[diagnostic::on_unimplemented(
    message = "a target `{Self}` does not say the classes of an output `{Output}`",
    note = "a label is any integer, for logits `[f32; N]`; labels `[_; T]` are for `[[f32; N]; T]`; numbers `[f32; N]` are for `[f32; N]`"
)]
pub trait Labelled<Output> {
    /// Calls `f` with the scores and the class of each row.
    fn rows(&self, output: &Output, f: &mut dyn FnMut(&[f32], usize));
}

impl<T: Label, const N: usize> Labelled<[f32; N]> for T {
    fn rows(&self, output: &[f32; N], f: &mut dyn FnMut(&[f32], usize)) {
        if let Some(class) = self.class().filter(|class| *class < classes(output)) {
            f(output, class);
        }
    }
}

impl<T: Label, const N: usize, const S: usize> Labelled<[[f32; N]; S]> for [T; S] {
    fn rows(&self, output: &[[f32; N]; S], f: &mut dyn FnMut(&[f32], usize)) {
        for (target, scores) in self.iter().zip(output) {
            target.rows(scores, f);
        }
    }
}

impl<const N: usize> Labelled<[f32; N]> for [f32; N] {
    fn rows(&self, output: &[f32; N], f: &mut dyn FnMut(&[f32], usize)) {
        for (target, score) in self.iter().zip(output) {
            f(core::slice::from_ref(score), usize::from(*target > 0.5));
        }
    }
}

/// How many classes a row of scores tells apart.
pub fn classes(scores: &[f32]) -> usize {
    match scores.len() {
        1 => 2,
        count => count,
    }
}

/// The class that a row of scores means: that of the largest, the first among equals, or whether the only one is above
/// `threshold`.
pub fn answer(scores: &[f32], threshold: f32) -> usize {
    match scores {
        [score] => usize::from(*score > threshold),
        _ => argmax(scores),
    }
}

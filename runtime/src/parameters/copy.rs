//! Weights of one network for another.

use super::Parameters;
use crate::{
    block::Block,
    declared::Declared,
    error::{Error, Mismatch, Misshapen, Result},
    tensor::Tensor,
    value::room,
};
use alloc::boxed::Box;

impl<N: Declared, A: AsRef<[Block]> + AsMut<[Block]>> Parameters<N, A> {
    /// Copies every tensor of this network from the tensor of its name in another, which may have more than these. So one
    /// declaration is trained, and another that has the same layers is played as a stream, or answers only part of it.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// model! {
    ///     struct Both(x: [4]) -> ([2], [8]) {
    ///         hidden: Dense(8),
    ///         fc: Dense(2),
    ///         forward { let h = relu(hidden(x)); (fc(h), h) }
    ///     }
    ///     struct Features(x: [4]) -> [8] { hidden: Dense(8), Relu }
    /// }
    ///
    /// let both = Both::new(Seed(1));
    /// let mut features = Features::new(Seed(2));
    /// features.parameters_mut().copy_from(&both.parameters())?;
    /// assert_eq!(features.forward(&[1.0; 4]), both.forward(&[1.0; 4]).1);
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`] if the other network has no tensor of a name, [`Error::Weights`] if any has another
    /// shape there, [`Error::Memory`] if there is none for the largest tensor; nothing is copied then.
    pub fn copy_from<M: Declared, B: AsRef<[Block]>>(
        &mut self,
        other: &Parameters<M, B>,
    ) -> Result<()> {
        let mut wrong = Mismatch::default();
        for (name, shape) in self.names() {
            let theirs = other.find_named(name)?;
            if theirs.shape != shape {
                let (expected, found) = (shape.into(), theirs.shape.into());
                let name = name.into();
                wrong.misshapen.push(Misshapen {
                    name,
                    expected,
                    found,
                });
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Weights(Box::new(wrong)));
        }
        let counts = self.tensors().iter().map(Tensor::count);
        let mut values = room("the numbers of a tensor", counts.max().unwrap_or(0))?;
        for (name, shape) in self.names() {
            let values: &mut [f32] = &mut values[..shape.iter().product()];
            other.read(name, values)?;
            self.set(name, values)?;
        }
        Ok(())
    }
}

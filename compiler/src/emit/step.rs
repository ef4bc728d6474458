//! A training step as the runtime drives it: passes over all chunks, which meet after each.

use super::model::Model;
use crate::call::Gradient;
use crate::ids::TensorId;
use crate::memory::program::{Action, Event, Place, Program};

/// The passes of a step.
pub struct Passes<'a> {
    /// All passes in order.
    pub passes: Vec<Pass<'a>>,
    /// The pass that ends forward and begins backward: the loss stands in its middle.
    loss: usize,
}

/// What happens until all chunks meet, and then.
#[derive(Default)]
pub struct Pass<'a> {
    /// Events of the forward pass, over the rows of each chunk.
    pub forward: Vec<&'a Event>,
    /// Events of the backward pass, over the rows of each chunk.
    pub backward: Vec<&'a Event>,
    /// What is folded then.
    pub folds: Vec<&'a Event>,
    /// What is updated after that.
    pub updates: Vec<(TensorId, &'a Gradient<Place>)>,
}

/// Events, with the number of the pass that they are a part of.
pub type Numbered<'a> = Vec<(usize, Vec<&'a Event>)>;

impl<'a> Passes<'a> {
    /// The passes of a program: all chunks meet where something is folded or updated.
    pub fn of(program: &'a Program) -> Self {
        let (mut passes, mut pass, mut loss) = (Vec::new(), Pass::default(), 0);
        for event in &program.events {
            let updated = !pass.updates.is_empty();
            let met = match &event.action {
                Action::Transpose(_)
                | Action::Load(_)
                | Action::Unload(_)
                | Action::Follow(_)
                | Action::Update(..) => false,
                Action::Fold(_) => updated,
                Action::Forward(_) | Action::Loss(_) | Action::Backward(_) | Action::Slopes(_) => {
                    updated || !pass.folds.is_empty()
                }
            };
            if met {
                passes.push(std::mem::take(&mut pass));
            }
            match &event.action {
                Action::Transpose(_)
                | Action::Load(_)
                | Action::Unload(_)
                | Action::Slopes(_)
                | Action::Follow(_) => {}
                Action::Forward(_) => pass.forward.push(event),
                Action::Loss(_) => loss = passes.len(),
                Action::Backward(_) => pass.backward.push(event),
                Action::Fold(_) => pass.folds.push(event),
                Action::Update(tensor, gradient) => pass.updates.push((*tensor, gradient)),
            }
        }
        passes.push(pass);
        Self { passes, loss }
    }

    /// Forward, pass by pass.
    pub fn forward(&self) -> Numbered<'a> {
        let passes = self.passes[..=self.loss].iter().enumerate();
        let events = |(number, pass): (usize, &Pass<'a>)| (number, pass.forward.clone());
        passes.map(events).collect()
    }

    /// Backward, pass by pass, counted from the loss.
    pub fn backward(&self) -> Numbered<'a> {
        let passes = self.passes[self.loss..].iter().enumerate();
        let events = |(number, pass): (usize, &Pass<'a>)| (number, pass.backward.clone());
        passes.map(events).collect()
    }

    /// The folds, after the passes that have any.
    pub fn folds(&self) -> Numbered<'a> {
        let passes = self.passes.iter().enumerate();
        let passes = passes.filter(|(_, pass)| !pass.folds.is_empty());
        let events = |(number, pass): (usize, &Pass<'a>)| (number, pass.folds.clone());
        passes.map(events).collect()
    }
}

/// When a tensor is updated, and what that costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Updated {
    /// The pass after which its deltas are there.
    pub pass: usize,
    /// How many products one sample adds to each number of its gradient.
    pub cost: usize,
}

/// When each tensor is updated.
pub fn updated(model: &Model<'_>) -> Vec<Updated> {
    let mut updated = vec![Updated::default(); model.layout.tensors.len()];
    for (pass, events) in Passes::of(&model.training.0).passes.iter().enumerate() {
        for &(TensorId(tensor), gradient) in &events.updates {
            let cost = gradient.positions();
            updated[tensor] = Updated { pass, cost };
        }
    }
    updated
}

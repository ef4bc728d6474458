//! What inference and training do each by itself. Inference skips what only trains, and a contraction takes the normalisation
//! that follows it, then a residual sum, then an activation into its registers, of any kind. In training a normalisation takes
//! the residual sum and the activation into its pass, unless backward needs what the activation is given. Values keep their
//! places, so that the arena serves both programs.

use crate::ids::ValueId;
use crate::place::fuse::Stage;
use crate::place::layout::Layout;
use crate::site::{Absorbed, Activation};
use std::collections::BTreeSet;

/// A network as inference computes it.
pub struct Inference {
    /// The layout: values and tensors are those of training, stages are fewer.
    pub layout: Layout,
    /// The stages of training into which inference absorbs a normalisation, by their outputs.
    pub normalised: BTreeSet<ValueId>,
}

/// Makes inference of what is laid out for training.
pub fn absorb(layout: &Layout) -> Inference {
    let mut inference = layout.clone();
    skip(&mut inference);
    let stages = std::mem::take(&mut inference.stages);
    let mut absorber = Absorber::new(&inference, &stages);
    for stage in stages {
        if !absorber.absorb(&stage) {
            absorber.push(stage);
        }
    }
    let Absorber {
        stages, normalised, ..
    } = absorber;
    let layout = Layout {
        stages,
        ..inference
    };
    Inference { layout, normalised }
}

/// Makes training of what is laid out: normalisations add residuals.
pub fn training(layout: &Layout) -> Layout {
    let mut absorber = Absorber::new(layout, &layout.stages);
    for stage in &layout.stages {
        if !absorber.join(stage) {
            absorber.push(stage.clone());
        }
    }
    Layout {
        stages: absorber.stages,
        ..layout.clone()
    }
}

/// Makes a stream of what is laid out for the frames of a step.
pub fn stream(layout: Layout) -> Layout {
    let mut stream = layout;
    skip(&mut stream);
    stream
}

/// Leaves out what only trains: a chain of skipped stages ends at the first value that is computed.
fn skip(layout: &mut Layout) {
    let mut sources: Vec<ValueId> = (0..layout.values.len()).map(ValueId).collect();
    let skipped = |stage: &Stage| stage.op.lower().only_trains();
    for stage in layout.stages.iter().filter(|stage| skipped(stage)) {
        let root = layout.values[stage.inputs[0].0].root;
        sources[stage.output.0] = sources[root.0];
    }
    for value in &mut layout.values {
        value.root = sources[value.root.0];
    }
    layout.stages.retain(|stage| !skipped(stage));
}

/// Stages in the making.
struct Absorber<'a> {
    layout: &'a Layout,
    stages: Vec<Stage>,
    /// The stage that gives each value.
    givers: Vec<Option<usize>>,
    /// How often each root is read.
    uses: Vec<usize>,
    /// The outputs of stages before they absorbed a normalisation.
    normalised: BTreeSet<ValueId>,
}

impl<'a> Absorber<'a> {
    fn new(layout: &'a Layout, stages: &[Stage]) -> Self {
        let mut uses = vec![0; layout.values.len()];
        let inputs = stages.iter().flat_map(|stage| &stage.inputs);
        for value in inputs.chain(&layout.outputs) {
            uses[layout.values[value.0].root.0] += 1;
        }
        Self {
            layout,
            stages: Vec::new(),
            givers: vec![None; layout.values.len()],
            uses,
            normalised: BTreeSet::new(),
        }
    }

    fn push(&mut self, stage: Stage) {
        self.givers[stage.output.0] = Some(self.stages.len());
        self.stages.push(stage);
    }

    /// The stage that gives a value which nobody else reads, if no activation ends it yet.
    fn giver(&self, value: ValueId) -> Option<usize> {
        let root = self.layout.values[value.0].root;
        let giver = self.givers[value.0].filter(|_| root == value && self.uses[value.0] == 1)?;
        (self.stages[giver].activation == Activation::IDENTITY).then_some(giver)
    }

    /// Takes a stage into one before it, if both sides allow it.
    fn absorb(&mut self, stage: &Stage) -> bool {
        let giver = match stage.inputs[..] {
            [value] => self.single(stage, value),
            [a, b] if stage.op.lower().is_sum() => self.sum(a, b).or_else(|| self.sum(b, a)),
            _ => None,
        };
        self.ends(giver, stage)
    }

    /// Takes a residual sum, or the activation behind one, into the normalisation before it.
    fn join(&mut self, stage: &Stage) -> bool {
        let giver = match stage.inputs[..] {
            [value] => self.rectified(stage, value),
            [a, b] if stage.op.lower().is_sum() => self.added(a, b).or_else(|| self.added(b, a)),
            _ => None,
        };
        self.ends(giver, stage)
    }

    /// Lets the stage that took another give its result.
    fn ends(&mut self, giver: Option<usize>, stage: &Stage) -> bool {
        if let Some(giver) = giver {
            self.stages[giver].output = stage.output;
            self.givers[stage.output.0] = Some(giver);
        }
        giver.is_some()
    }

    /// The normalisation that gives `normal`, with a residual that is there before it and lies alike.
    fn added(&mut self, normal: ValueId, residual: ValueId) -> Option<usize> {
        let index = self.giver(normal)?;
        let alone = self.stages[index].inputs.len() == 1;
        let adds = alone && self.stages[index].op.lower().adds_residual();
        let values = &self.layout.values;
        let alike = values[normal.0].storage == values[residual.0].storage;
        let root = values[residual.0].root;
        let before = self.givers[root.0].is_none_or(|giver| giver < index);
        if !adds || !alike || !before {
            return None;
        }
        self.stages[index].inputs.push(residual);
        Some(index)
    }

    /// The normalisation with a residual whose result an activation takes.
    fn rectified(&mut self, stage: &Stage, value: ValueId) -> Option<usize> {
        let activation = stage.op.lower().as_activation()?;
        let index = self.giver(value)?;
        if activation.reads_input {
            return None;
        }
        let giver = &mut self.stages[index];
        let added = giver.inputs.len() == 2 && giver.op.lower().adds_residual();
        added.then(|| giver.activation = activation)?;
        Some(index)
    }

    /// A normalisation, or an activation.
    fn single(&mut self, stage: &Stage, value: ValueId) -> Option<usize> {
        let index = self.giver(value)?;
        let giver = &mut self.stages[index];
        if let Some(activation) = stage.op.lower().as_activation() {
            let takes = giver.absorbed.is_some() || giver.op.lower().absorbs_activation();
            giver.activation = takes.then_some(activation)?;
            return Some(index);
        }
        if giver.absorbed.is_some() {
            return None;
        }
        let channels = &self.layout.values[stage.output.0].shape;
        let normal = stage.op.lower().as_normal(channels)?;
        if !giver.op.lower().absorbs_normal() || giver.pooling.is_some() {
            return None;
        }
        let absorbed = Absorbed {
            normal: (normal, giver.parameters.len()),
            residual: None,
        };
        giver.absorbed = Some((absorbed, stage.layer?, stage.parameters.clone()));
        giver.activation = stage.activation;
        self.normalised.insert(giver.output);
        Some(index)
    }

    /// The sum of what a normalisation gives and a value that is there before it.
    fn sum(&mut self, normal: ValueId, residual: ValueId) -> Option<usize> {
        let index = self.giver(normal)?;
        let root = self.layout.values[residual.0].root;
        let before = self.givers[root.0].is_none_or(|giver| giver < index);
        let giver = &mut self.stages[index];
        let (absorbed, ..) = giver.absorbed.as_mut()?;
        if !before || absorbed.residual.is_some() {
            return None;
        }
        absorbed.residual = Some(giver.inputs.len());
        giver.inputs.push(residual);
        Some(index)
    }
}

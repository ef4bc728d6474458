//! What a program is: buffers, and events in order, each a call or a meeting with the caller.

use crate::call::{Access, Call, Gradient, View};
use crate::ids::{BufferId, JointId, KeptId, TensorId, TransposedId};
use crate::ops::copying::Region;
use crate::rt::Kernel;

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forward alone, buffers reused as soon as they are read for the last time.
    Inference,
    /// Forward, loss, backward, update.
    Training,
    /// Forward alone, for the frames of a step, with what is kept of those before.
    Stream,
}

/// Memory that one sample needs for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// What it holds, for messages.
    pub name: String,
    /// What expansions call it.
    pub label: String,
    /// Blocks per sample.
    pub blocks: usize,
}

/// Memory that all samples share, one part after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// What lies there.
    pub parts: Vec<Part>,
}

/// A part of the memory that all samples share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it holds, for messages.
    pub name: String,
    /// What expansions call it.
    pub label: String,
    /// First block.
    pub offset: usize,
    /// Blocks.
    pub blocks: usize,
}

impl Shared {
    /// Adds a part behind the others; gives its index.
    pub fn add(&mut self, name: String, label: String, blocks: usize) -> usize {
        let offset = self.blocks();
        self.parts.push(Part {
            name,
            label,
            offset,
            blocks,
        });
        self.parts.len() - 1
    }

    /// Blocks in all.
    pub fn blocks(&self) -> usize {
        let last = self.parts.last();
        last.map_or(0, |last| last.offset + last.blocks)
    }
}

/// Memory as a program's calls name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The caller's own array of inputs.
    Caller,
    /// A buffer.
    Buffer(BufferId),
    /// A parameter in the arena.
    Tensor(TensorId),
    /// Transposed weights.
    Transposed(TransposedId),
    /// What the samples of a batch have in common.
    Joint(JointId),
    /// What a stream keeps from step to step.
    Kept(KeptId),
}

/// A value that the caller has as a row-major array, and a sample in a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The buffer.
    pub buffer: BufferId,
    /// How it is stored there, unless it is flat.
    pub stored: Option<Stored>,
    /// The least and the greatest index that is taken, where it is indices.
    pub tokens: Option<[u32; 2]>,
}

/// How a value is stored that is not flat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// From the caller's array into the buffer.
    pub region: Region,
    /// Whether some floats of the buffer hold no element: they are zero.
    pub gaps: bool,
}

/// Where an output lies, and its delta where one is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The output.
    pub value: Crossing,
    /// Its delta.
    pub delta: Option<Crossing>,
}

/// What happens in an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Weights are transposed for backward, before anything else happens.
    Transpose(Call<Place>),
    /// The caller's inputs are copied into buffers.
    Load(Vec<Crossing>),
    /// A kernel of the forward pass runs.
    Forward(Call<Place>),
    /// The caller takes the outputs.
    Unload(Vec<Crossing>),
    /// The loss reads every output and writes its delta.
    Loss(Vec<Answer>),
    /// A kernel of the backward pass runs.
    Backward(Call<Place>),
    /// All samples have come as far, and a kernel joins what they left, sample by sample.
    Fold(Call<Place>),
    /// The caller takes the deltas of inputs, each with its number among the inputs.
    Slopes(Vec<(usize, Crossing)>),
    /// A parameter's gradient is finished, and the parameter is updated.
    Update(TensorId, Gradient<Place>),
    /// Statistics follow the batch.
    Follow(Call<Place>),
}

impl Action {
    /// The call of a kernel that it is, if it is one.
    pub fn call(&self) -> Option<&Call<Place>> {
        match self {
            Self::Transpose(call)
            | Self::Forward(call)
            | Self::Backward(call)
            | Self::Fold(call)
            | Self::Follow(call) => Some(call),
            Self::Load(_)
            | Self::Unload(_)
            | Self::Loss(_)
            | Self::Slopes(_)
            | Self::Update(..) => None,
        }
    }

    /// The kernel that runs, if one does.
    pub fn kernel(&self) -> Option<&'static Kernel> {
        match self {
            Self::Update(_, gradient) => Some(gradient.kernel),
            _ => self.call().map(|call| call.kernel),
        }
    }

    /// All memory that the kernel is given, each part under the name of its parameter.
    pub fn views(&self) -> Vec<(&'static str, &View<Place>)> {
        match self {
            Self::Update(_, gradient) => gradient.views().collect(),
            _ => {
                let arguments = self.call().into_iter().flat_map(|call| &call.arguments);
                arguments
                    .flat_map(|(name, argument)| argument.views().map(|view| (*name, view)))
                    .collect()
            }
        }
    }
}

/// Something that happens to memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happens.
    pub action: Action,
    /// The value it is about, for messages.
    pub name: String,
    /// What expansions call the stage it is a part of; empty for what is no stage's.
    pub label: String,
    /// How often the rows that pass together read its weights: 0 if each of them does so by itself.
    pub turns: usize,
    /// Whether it serves the gradients of inputs alone, so that it happens where they are asked for.
    pub asked: bool,
}

impl Event {
    /// All memory it touches, and how.
    pub fn touches(&self) -> Vec<(Place, Access)> {
        let buffer = |crossing: &Crossing| Place::Buffer(crossing.buffer);
        match &self.action {
            Action::Load(inputs) => {
                let write = |input| (buffer(input), Access::Write);
                inputs.iter().map(write).collect()
            }
            Action::Unload(taken) => {
                let read = |taken| (buffer(taken), Access::Read);
                taken.iter().map(read).collect()
            }
            Action::Slopes(taken) => {
                let read = |(_, taken): &(usize, Crossing)| (buffer(taken), Access::Read);
                taken.iter().map(read).collect()
            }
            Action::Loss(answers) => {
                let both = |answer: &Answer| {
                    let delta = answer.delta.iter();
                    let delta = delta.map(|delta| (buffer(delta), Access::Write));
                    std::iter::once((buffer(&answer.value), Access::Read))
                        .chain(delta)
                        .collect::<Vec<_>>()
                };
                answers.iter().flat_map(both).collect()
            }
            action => {
                let views = action.views().into_iter();
                views.map(|(_, view)| (view.memory, view.access)).collect()
            }
        }
    }

    /// The buffers among what it touches.
    pub fn buffers(&self) -> impl Iterator<Item = (BufferId, Access)> {
        let buffer = |(place, access): (Place, Access)| match place {
            Place::Buffer(buffer) => Some((buffer, access)),
            _ => None,
        };
        self.touches().into_iter().filter_map(buffer)
    }
}

/// The schedule of one mode.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is for.
    pub mode: Mode,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// Transposed weights.
    pub transposed: Shared,
    /// What samples have in common.
    pub joint: Shared,
    /// What a stream keeps from step to step.
    pub kept: Shared,
    /// All events in order.
    pub events: Vec<Event>,
    /// Whether inference reads the only input where the caller has it.
    pub direct: bool,
    /// Blocks of gradients that each chunk adds to sums, pass by pass without waiting for others; 0 where they are finished over the whole batch.
    pub summed: usize,
}

impl Program {
    /// A program in which nothing happens.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            buffers: Vec::new(),
            transposed: Shared::default(),
            joint: Shared::default(),
            kept: Shared::default(),
            events: Vec::new(),
            direct: false,
            summed: 0,
        }
    }

    /// Adds a buffer.
    pub fn buffer(&mut self, name: String, label: String, blocks: usize) -> BufferId {
        self.buffers.push(Buffer {
            name,
            label,
            blocks,
        });
        BufferId(self.buffers.len() - 1)
    }

    /// Adds an event whose rows read its weights together, once.
    pub fn event(&mut self, name: &str, label: &str, action: Action) {
        let (name, label) = (name.to_owned(), label.to_owned());
        self.events.push(Event {
            action,
            name,
            label,
            turns: 1,
            asked: false,
        });
    }
}

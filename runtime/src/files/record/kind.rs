//! The arenas of a network as named tensors, and back.
//!
//! ```text
//! PREFIX.NAME              parameters and statistics
//! optimizer.STATE.NAME     what the optimizer remembers of each parameter, such as optimizer.exp_avg.fc.weight
//! ```

use super::{
    content::{Record, Stored},
    reader::Reader,
};
use crate::{
    block::{Block, LANES},
    math::flush_number,
    network::Network,
    optimizer::{Optimizer, State},
    tensor::{LARGEST_COUNT, Role, Tensor, joined_count, split_count},
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use safetensors::Dtype;

/// Whose state it is.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The network's name.
    pub network: &'static str,
    /// The optimizer's.
    pub optimizer: &'static str,
    /// The network's tensors.
    pub tensors: &'static [Tensor],
    /// What the blocks of the optimizer's state are called, where it says so.
    pub names: Option<&'static [&'static str]>,
    /// Bytes that the optimizer remembers of each block of weights.
    pub width: usize,
}

/// Bytes of a block.
const BLOCK: usize = size_of::<Block>();

/// What the words of shapes begin with.
const SHAPE: &str = "shape.";

impl Kind {
    /// That of a network and an optimizer.
    pub fn of<N: Network, O: Optimizer>(optimizer: &O) -> Self {
        Self {
            network: N::NAME,
            optimizer: optimizer.name(),
            tensors: N::TENSORS,
            names: optimizer.state_names(),
            width: size_of::<State<O>>(),
        }
    }

    /// The names of the blocks of state; none where they are not blocks.
    fn states(&self) -> Option<Vec<String>> {
        let count = self.width / BLOCK;
        if !self.width.is_multiple_of(BLOCK) {
            return None;
        }
        Some(match self.names {
            Some(names) => names
                .iter()
                .take(count)
                .map(|name| name.to_string())
                .collect(),
            None => (0..count).map(|index| format!("state.{index}")).collect(),
        })
    }

    fn learnt(&self) -> impl Iterator<Item = &'static Tensor> {
        self.tensors
            .iter()
            .filter(|tensor| tensor.learnt().is_some())
    }

    /// Where a number of the state lies, in bytes: in block `index` of those for the block of the weight at `place`.
    fn byte(&self, place: usize, index: usize) -> usize {
        place / LANES * self.width + index * BLOCK + place % LANES * size_of::<f32>()
    }

    /// Says whose state it is.
    pub fn say(&self, record: &mut Record) {
        record.say("network", self.network);
        record.say("optimizer", self.optimizer);
    }

    /// Notes if it is somebody else's.
    pub fn check(&self, reader: &mut Reader<'_>) {
        reader.same("network", self.network);
        reader.same("optimizer", self.optimizer);
    }

    /// Says which tensors the network learns, where no parameters stand in the file.
    pub fn say_shapes(&self, record: &mut Record) {
        for tensor in self.learnt() {
            record.say(
                format!("{SHAPE}{}", tensor.name),
                format!("{:?}", tensor.shape),
            );
        }
    }

    /// Notes if they are others.
    pub fn check_shapes(&self, reader: &mut Reader<'_>) {
        for tensor in self.learnt() {
            let name = format!("{SHAPE}{}", tensor.name);
            reader.same(&name, &format!("{:?}", tensor.shape));
        }
        for (name, shape) in reader.words(SHAPE) {
            if self.learnt().all(|tensor| tensor.name != name) {
                reader.differs(
                    &format!("{SHAPE}{name}"),
                    "none".into(),
                    format!("`{shape}`"),
                );
            }
        }
    }

    /// Adds a network's parameters.
    pub fn keep_parameters(&self, record: &mut Record, prefix: &str, arena: &[Block]) {
        let floats = must_cast_slice::<Block, f32>(arena);
        for tensor in self.tensors {
            let mut bytes = Vec::with_capacity(tensor.count() * size_of::<f32>());
            let dtype = if let Role::Count = tensor.role {
                let pair = floats
                    .get(tensor.layout.offset..)
                    .and_then(<[f32]>::first_chunk);
                bytes.extend(pair.map_or(0, |pair| joined_count(*pair)).to_le_bytes());
                Dtype::I64
            } else {
                tensor
                    .layout
                    .visit(|place| bytes.extend(floats[place].to_le_bytes()));
                Dtype::F32
            };
            let stored = Stored {
                dtype,
                shape: tensor.shape.to_vec(),
                bytes,
            };
            record
                .tensors
                .insert(format!("{prefix}.{}", tensor.name), stored);
        }
    }

    /// Reads parameters into an arena.
    pub fn take_parameters(&self, reader: &mut Reader<'_>, prefix: &str, arena: &mut [Block]) {
        let floats = must_cast_slice_mut::<Block, f32>(arena);
        for tensor in self.tensors {
            let name = format!("{prefix}.{}", tensor.name);
            let is_count = matches!(tensor.role, Role::Count);
            let dtype = if is_count { Dtype::I64 } else { Dtype::F32 };
            let Some(bytes) = reader.tensor(&name, dtype, Some(tensor.shape)) else {
                continue;
            };
            if is_count {
                let count = bytes
                    .first_chunk()
                    .map_or(0, |bytes| u64::from_le_bytes(*bytes));
                let kept = floats[tensor.layout.offset..].iter_mut();
                for (kept, number) in kept.zip(split_count(count.min(LARGEST_COUNT))) {
                    *kept = number;
                }
                continue;
            }
            let numbers = bytes.as_chunks().0.iter();
            let mut numbers = numbers.map(|number| f32::from_le_bytes(*number));
            let unfit = |number: f32| !number.is_finite() || tensor.is_variance() && number < 0.0;
            if let Some(number) = numbers.clone().find(|number| unfit(*number)) {
                let expected = "finite numbers, and no negative variance".to_string();
                reader.differs(&name, expected, number.to_string());
                continue;
            }
            tensor.layout.visit(|place| {
                if let Some(number) = numbers.next() {
                    floats[place] = flush_number(number);
                }
            });
        }
    }

    /// What the optimizer remembers.
    pub fn keep_state(&self, record: &mut Record, state: &[u8]) {
        let Some(names) = self.states() else {
            let stored = Stored {
                dtype: Dtype::U8,
                shape: vec![state.len()],
                bytes: state.to_vec(),
            };
            record.tensors.insert("optimizer.state".into(), stored);
            return;
        };
        for (index, name) in names.iter().enumerate() {
            for tensor in self.learnt() {
                let mut bytes = Vec::with_capacity(tensor.count() * size_of::<f32>());
                tensor.layout.visit(|place| {
                    bytes.extend(number(state, self.byte(place, index)).to_le_bytes());
                });
                let stored = Stored {
                    dtype: Dtype::F32,
                    shape: tensor.shape.to_vec(),
                    bytes,
                };
                let name = format!("optimizer.{name}.{}", tensor.name);
                record.tensors.insert(name, stored);
            }
        }
    }

    /// Reads what an optimizer remembers.
    pub fn take_state(&self, reader: &mut Reader<'_>, state: &mut [u8]) {
        let Some(names) = self.states() else {
            if let Some(bytes) = reader.tensor("optimizer.state", Dtype::U8, Some(&[state.len()])) {
                state.copy_from_slice(bytes);
            }
            return;
        };
        for (index, name) in names.iter().enumerate() {
            for tensor in self.learnt() {
                let name = format!("optimizer.{name}.{}", tensor.name);
                let Some(bytes) = reader.tensor(&name, Dtype::F32, Some(tensor.shape)) else {
                    continue;
                };
                let mut numbers = bytes.as_chunks().0.iter();
                tensor.layout.visit(|place| {
                    let at = self.byte(place, index);
                    let kept = state.get_mut(at..at + size_of::<f32>());
                    if let (Some(number), Some(kept)) = (numbers.next(), kept) {
                        kept.copy_from_slice(&f32::from_le_bytes(*number).to_ne_bytes());
                    }
                });
            }
        }
    }
}

/// A number in memory.
fn number(bytes: &[u8], at: usize) -> f32 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0.0, |bytes| f32::from_ne_bytes(*bytes))
}

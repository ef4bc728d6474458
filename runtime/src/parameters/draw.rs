//! How parameters begin: seeds, and what is drawn from them.

mod orthogonal;

#[cfg(feature = "alloc")]
use crate::{arena::Arena, error::Result, value::room};
use crate::{
    block::Block,
    declared::Declared,
    math::flush_number,
    network::Network,
    random, simd,
    tensor::{Init, Tensor},
};
use bytemuck::must_cast_slice_mut;
use rand_core::Rng;
use rand_pcg::Pcg32;

/// Where everything random begins: the same seed gives the same numbers for ever, on every machine. A network's seed
/// decides its first weights; a trainer's the shuffling and dropout.
///
/// ```
/// use kiln::Seed;
///
/// assert_eq!(Seed::from(7), Seed(7));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// A network with fresh parameters; see [`Parameters::initialize`](super::Parameters::initialize).
///
/// # Panics
///
/// If there is no memory for them.
#[cfg(feature = "alloc")]
#[track_caller]
pub fn initialized<N: Declared>(seed: Seed) -> N {
    match try_initialized(seed) {
        Ok(net) => net,
        Err(error) => panic!("`{}::new`: {error}", N::Network::NAME),
    }
}

/// A network with fresh parameters, as [`initialized`] makes it.
///
/// # Errors
///
/// If there is no memory for them.
#[cfg(feature = "alloc")]
pub fn try_initialized<N: Declared>(seed: Seed) -> Result<N> {
    let mut arena = zeroed::<N>()?;
    initialize::<N>(arena.own()?, seed);
    Ok(N::Network::from_arena(arena))
}

/// The memory of a network's parameters, all zero.
///
/// # Errors
///
/// [`Error::Memory`](crate::error::Error::Memory) if the system has not that much.
#[cfg(feature = "alloc")]
pub fn zeroed<N: Declared>() -> Result<Arena> {
    let blocks = room("the network's parameters", N::Network::PARAMETER_BLOCKS)?;
    Ok(blocks.into_boxed_slice().into())
}

/// Draws the parameters of an arena of zeros. Of distributions that no tensor has, no code is in the program.
pub(super) fn initialize<N: Declared>(arena: &mut [Block], seed: Seed) {
    let numbers = must_cast_slice_mut(arena);
    let normals = match const { Needs::of_all(N::Network::TENSORS).normals } {
        true => normal_of,
        false => |_, _: &mut _| 0.0,
    };
    draw_tensors(N::Network::TENSORS, numbers, seed, normals);
    if const { Needs::of_all(N::Network::TENSORS).orthogonal } {
        orthogonalize(N::Network::TENSORS, numbers);
    }
}

/// What drawing takes besides uniform numbers.
#[derive(Clone, Copy)]
struct Needs {
    normals: bool,
    orthogonal: bool,
}

impl Needs {
    const NONE: Self = Self {
        normals: false,
        orthogonal: false,
    };

    const fn of_all(tensors: &[Tensor]) -> Self {
        let (mut all, mut index) = (Self::NONE, 0);
        while index < tensors.len() {
            all = all.and(Self::of(tensors[index].init));
            index += 1;
        }
        all
    }

    const fn of(init: Init) -> Self {
        match init {
            Init::Uniform(_) | Init::Between { .. } | Init::Constant(_) => Self::NONE,
            Init::Normal(_) | Init::TruncatedNormal { .. } => Self {
                normals: true,
                orthogonal: false,
            },
            Init::Orthogonal(_) => Self {
                normals: true,
                orthogonal: true,
            },
            Init::Padded { of, .. } => Self::of(*of),
            Init::Parts(parts) => {
                let (mut all, mut index) = (Self::NONE, 0);
                while index < parts.len() {
                    all = all.and(Self::of(parts[index]));
                    index += 1;
                }
                all
            }
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            normals: self.normals || other.normals,
            orthogonal: self.orthogonal || other.orthogonal,
        }
    }
}

/// Draws the next of some normal numbers.
type Normals = fn(Init, &mut Pcg32) -> f32;

/// Draws tensors, each from a stream of its own.
fn draw_tensors(tensors: &[Tensor], numbers: &mut [f32], seed: Seed, normals: Normals) {
    for (index, tensor) in tensors.iter().enumerate() {
        let mut generator = random::stream(seed.0, index as u64);
        let (mut drawn, count) = (0, tensor.count());
        tensor.layout.visit(|place| {
            let init = tensor.init.at(drawn, count);
            numbers[place] = flush_number(draw(init, &mut generator, normals));
            drawn += 1;
        });
    }
}

/// Makes orthogonal what is to be so, when all of it is drawn.
fn orthogonalize(tensors: &[Tensor], numbers: &mut [f32]) {
    for tensor in tensors {
        if let Init::Orthogonal(gain) = tensor.init {
            let matrix = (tensor.shape, tensor.layout);
            orthogonal::orthogonalize(simd::level(), numbers, matrix, gain);
        }
    }
}

/// The next number of a distribution.
fn draw(init: Init, generator: &mut Pcg32, normals: Normals) -> f32 {
    match init {
        Init::Constant(value) => value,
        Init::Uniform(bound) => (unit(generator) * 2.0 - 1.0) * bound,
        Init::Between { low, high } => between(low, high, generator),
        Init::Normal(_) | Init::TruncatedNormal { .. } | Init::Orthogonal(_) => {
            normals(init, generator)
        }
        // There are no parts of parts.
        Init::Parts(_) | Init::Padded { .. } => 0.0,
    }
}

/// The next number of a distribution that is made of normal numbers.
fn normal_of(init: Init, generator: &mut Pcg32) -> f32 {
    match init {
        Init::Normal(deviation) => normal(generator) * deviation,
        Init::TruncatedNormal { std, low, high } => truncated(std, (low, high), generator),
        // What is made orthogonal when all of it is drawn.
        _ => normal(generator),
    }
}

/// Uniform between two numbers, whose difference may be beyond `f32`.
fn between(low: f32, high: f32, generator: &mut Pcg32) -> f32 {
    let part = unit(generator);
    // Rounded, it might lie beyond them.
    (low * (1.0 - part) + high * part).max(low).min(high)
}

/// Normal with mean 0 and deviation 1: Box and Muller's transform; 1 - u is never 0.
fn normal(generator: &mut Pcg32) -> f32 {
    let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - unit(generator)));
    radius * libm::cosf(core::f32::consts::TAU * unit(generator))
}

/// Normal between two limits. Between limits that are near each other, uniform numbers are kept as often as they are dense
/// beside the densest; between others, normal ones are kept if they lie there. One of the limits is within two deviations
/// of 0 or beyond it on the other side, so that one number in fifty is kept at least.
fn truncated(std: f32, (low, high): (f32, f32), generator: &mut Pcg32) -> f32 {
    let are_near = high - low <= 2.0 * std;
    let densest = 0.0_f32.max(low).min(high) / std;
    loop {
        if are_near {
            let number = between(low, high, generator);
            let deviations = number / std;
            let density = libm::expf(0.5 * (densest * densest - deviations * deviations));
            if unit(generator) < density {
                return number;
            }
        } else {
            let number = normal(generator) * std;
            if (low..=high).contains(&number) {
                return number;
            }
        }
    }
}

/// Uniform in 0..1: the upper 24 bits, as many as a float holds.
fn unit(generator: &mut Pcg32) -> f32 {
    (generator.next_u32() >> 8) as f32 / 16_777_216.0
}

impl From<u64> for Seed {
    fn from(seed: u64) -> Self {
        Self(seed)
    }
}

#[cfg(test)]
mod tests;

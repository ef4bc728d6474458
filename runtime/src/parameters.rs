//! Parameters by name, read and written in PyTorch's order; how they begin is in `draw`.

mod blend;
#[cfg(feature = "alloc")]
mod copy;
mod draw;
mod product;

#[cfg(feature = "alloc")]
use crate::error::nearest::nearest;
use crate::{
    block::Block,
    declared::Declared,
    error::{Error, Result, check_lent},
    math::flush_number,
    network::Network,
    tensor::{Role, Tensor, joined_count, split_count},
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use core::{iter, marker::PhantomData, ops::RangeInclusive, slice};

#[cfg(feature = "alloc")]
pub(crate) use blend::blend;
pub use draw::Seed;
#[cfg(feature = "alloc")]
pub use draw::{initialized, try_initialized, zeroed};
pub(crate) use product::norm;

/// Names and shapes of tensors.
pub type Names = iter::Map<
    slice::Iter<'static, Tensor>,
    fn(&'static Tensor) -> (&'static str, &'static [usize]),
>;

/// The parameters of a network, wherever they lie: in a box, a borrowed slice, an array or a `static`. They answer, are
/// trained, and are read and written by name. Or the gradients of those that are learnt, likewise by name.
///
/// Names and shapes are those of PyTorch's `state_dict`, and numbers are given in row-major order, wherever they lie in
/// memory. What is learnt comes first, in the order of the layers, then what is not: the statistics of `BatchNorm`.
///
/// ```
/// use kiln::{Model, Result};
///
/// /// Halves every bias.
/// fn halve_biases<N: Model>(net: &mut N) -> Result<()> {
///     let mut parameters = net.parameters_mut();
///     for (name, shape) in parameters.names() {
///         if let (true, Some(mut values)) = (name.ends_with("bias"), parameters.get(name)) {
///             assert_eq!(values.len(), shape.iter().product::<usize>());
///             values.iter_mut().for_each(|value| *value /= 2.0);
///             parameters.set(name, &values)?;
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// Two networks that share their parameters, which nobody copies:
///
/// ```
/// use kiln::{Block, Parameters, memory, prelude::*};
///
/// model! {
///     struct Gate(x: [4]) -> [2] { Dense(64), Relu, Dense(2) }
/// }
///
/// let trained = Gate::new(Seed(1));
/// let parameters = trained.parameters();
/// let shared = Parameters::<Gate, _>::new(parameters.blocks())?;
/// let (mut answer, mut workspace) = ([0.0; 2], [Block::ZERO; memory::workspace::<Gate>(1)]);
/// shared.forward_in(&[0.5, -1.0, 0.0, 2.0], &mut answer, &mut workspace)?;
/// assert_eq!(answer, trained.forward(&[0.5, -1.0, 0.0, 2.0]));
/// # Ok::<(), kiln::Error>(())
/// ```
pub struct Parameters<N, A> {
    arena: A,
    holds: Holds,
    network: PhantomData<fn() -> N>,
}

/// What an arena holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Parameters.
    Parameters,
    /// Gradients: small numbers are kept, which may be all that there is, and only what is learnt has one. Behind them lies
    /// what statistics gain by a step.
    Gradients,
    /// Nothing: the parameters are part of the program, and there is no memory to change them in.
    Nothing,
}

impl<N, A: Clone> Clone for Parameters<N, A> {
    fn clone(&self) -> Self {
        Self {
            arena: self.arena.clone(),
            holds: self.holds,
            network: PhantomData,
        }
    }
}

impl<N, A: Copy> Copy for Parameters<N, A> {}

impl<N: Declared, A: AsRef<[Block]>> Parameters<N, A> {
    /// Takes an arena of `kiln::memory::parameters` blocks: zeros, to be initialized or set, or the
    /// [`blocks`](Self::blocks) of a network of this kind. Numbers below 2^-63 and padding that is not zero should not be in
    /// it.
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if it has fewer blocks.
    pub fn new(arena: A) -> Result<Self> {
        check::<N>(arena.as_ref())?;
        Ok(Self::trusted(arena))
    }

    /// Takes an arena of the same size for gradients, and behind them for what statistics gain by a step.
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if it has fewer blocks.
    pub fn of_gradients(arena: A) -> Result<Self> {
        check::<N>(arena.as_ref())?;
        Ok(Self::trusted_gradients(arena))
    }

    /// All of the arena.
    pub(crate) fn arena(&self) -> Result<&[Block]> {
        self.check_held()?;
        let arena = self.arena.as_ref();
        check::<N>(arena)?;
        Ok(&arena[..N::Network::PARAMETER_BLOCKS])
    }

    /// Name and shape of every tensor, in the order of the network.
    pub fn names(&self) -> Names {
        let tensors = self.tensors().iter();
        tensors.map(|tensor| (tensor.name, tensor.shape))
    }

    /// The numbers of a tensor in row-major order, if there is one of this name. A count beyond 2^24 is rounded to `f32`.
    #[cfg(feature = "alloc")]
    pub fn get(&self, name: &str) -> Option<alloc::vec::Vec<f32>> {
        let mut values = alloc::vec![0.0; self.find(name)?.count()];
        self.read(name, &mut values).ok().map(|()| values)
    }

    /// Copies the numbers of a tensor in row-major order. A count beyond 2^24 is rounded to `f32`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`] if no tensor has this name, [`Error::ParameterLength`] if it holds another number of
    /// numbers than there is room for.
    pub fn read(&self, name: &str, values: &mut [f32]) -> Result<()> {
        let tensor = self.find_for(name, values.len())?;
        let numbers = must_cast_slice::<Block, f32>(self.arena()?);
        if let (Role::Count, &[low, high, ..], [value]) =
            (tensor.role, &numbers[tensor.layout.offset..], &mut *values)
        {
            *value = joined_count([low, high]) as f32;
            return Ok(());
        }
        let mut values = values.iter_mut();
        tensor.layout.visit(|place| {
            if let Some(value) = values.next() {
                *value = numbers[place];
            }
        });
        Ok(())
    }

    /// What the layers' `l1` and `l2` add to the loss, which is reported without it.
    pub fn penalty(&self) -> f64 {
        let mut rest = self.blocks();
        let of = |tensor: &Tensor| {
            let numbers;
            (numbers, rest) = rest.split_at(tensor.blocks.min(rest.len()));
            tensor.learnt().map_or(0.0, |penalty| penalty.loss(numbers))
        };
        self.tensors().iter().map(of).sum()
    }

    /// The Euclidean norm of all numbers that are learnt, or of their gradients, together.
    pub fn norm(&self) -> f64 {
        let arena = self.arena.as_ref();
        norm(&arena[..arena.len().min(N::Network::LEARNT_BLOCKS)])
    }

    /// The inner product with others, over all learnt numbers. For the gradients of two samples, it says how much a
    /// step along one changes the loss of the other (Koh and Liang 2017 call this influence).
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if an arena shrank.
    pub fn dot<B: AsRef<[Block]>>(&self, other: &Parameters<N, B>) -> Result<f64> {
        let learnt = N::Network::LEARNT_BLOCKS;
        Ok(product::dot(
            &self.arena()?[..learnt],
            &other.arena()?[..learnt],
        ))
    }

    /// The arena: blocks of sixteen numbers whose padding is zero.
    pub fn blocks(&self) -> &[Block] {
        let arena = self.arena.as_ref();
        &arena[..arena.len().min(self.named_blocks())]
    }

    /// What statistics gain by the step that the gradients are of, if that is what they are.
    pub(crate) fn gains(&self) -> Option<&[Block]> {
        let (learnt, all) = (N::Network::LEARNT_BLOCKS, N::Network::PARAMETER_BLOCKS);
        self.arena
            .as_ref()
            .get(learnt..all)
            .filter(|_| self.holds == Holds::Gradients)
    }
}

impl<N: Declared, A> Parameters<N, A> {
    /// Parameters whose arena is known to be large enough.
    pub(crate) fn trusted(arena: A) -> Self {
        Self {
            arena,
            holds: Holds::Parameters,
            network: PhantomData,
        }
    }

    /// Gradients whose arena is known to be large enough.
    pub(crate) fn trusted_gradients(arena: A) -> Self {
        Self {
            holds: Holds::Gradients,
            ..Self::trusted(arena)
        }
    }

    /// Parameters that cannot change where they are; the arena is empty.
    pub(crate) fn fixed(arena: A) -> Self {
        Self {
            holds: Holds::Nothing,
            ..Self::trusted(arena)
        }
    }

    /// Refuses an arena that holds nothing.
    fn check_held(&self) -> Result<()> {
        if self.holds != Holds::Nothing {
            return Ok(());
        }
        #[cfg(feature = "alloc")]
        return Err(Error::Memory {
            what: crate::arena::WHAT,
            bytes: (N::Network::PARAMETER_BLOCKS * size_of::<Block>()) as u128,
        });
        #[cfg(not(feature = "alloc"))]
        Err(Error::Fixed)
    }

    /// What has a name.
    fn tensors(&self) -> &'static [Tensor] {
        let all = N::Network::TENSORS;
        let learnt = || all.partition_point(|tensor| tensor.learnt().is_some());
        match self.holds {
            Holds::Gradients => &all[..learnt()],
            Holds::Parameters | Holds::Nothing => all,
        }
    }

    /// The tensor of this name.
    fn find(&self, name: &str) -> Option<&'static Tensor> {
        self.tensors().iter().find(|tensor| tensor.name == name)
    }

    /// The tensor of this name, or the error that there is none.
    fn find_named(&self, name: &str) -> Result<&'static Tensor> {
        self.find(name).ok_or_else(|| Error::UnknownParameter {
            #[cfg(feature = "alloc")]
            name: name.into(),
            #[cfg(feature = "alloc")]
            nearest: nearest(name, self.tensors().iter().map(|tensor| tensor.name)),
        })
    }

    /// The tensor of this name, which holds `count` numbers.
    fn find_for(&self, name: &str, count: usize) -> Result<&'static Tensor> {
        let tensor = self.find_named(name)?;
        if count == tensor.count() {
            return Ok(tensor);
        }
        Err(Error::ParameterLength {
            name: tensor.name,
            expected: tensor.count(),
            found: count,
        })
    }

    /// Blocks of what has a name.
    fn named_blocks(&self) -> usize {
        match self.holds {
            Holds::Gradients => N::Network::LEARNT_BLOCKS,
            Holds::Parameters | Holds::Nothing => N::Network::PARAMETER_BLOCKS,
        }
    }
}

impl<N: Declared, A: AsMut<[Block]>> Parameters<N, A> {
    /// Draws fresh parameters from `seed`, and discards what was there: the same seed gives the same numbers for ever, on
    /// every machine, and those of `Model::new`.
    ///
    /// Tensor number i draws from stream i of the seed in row-major order of its PyTorch shape, so that the meaning of a
    /// seed does not depend on how weights are laid out in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if the arena shrank.
    pub fn initialize(&mut self, seed: impl Into<Seed>) -> Result<()> {
        let arena = self.arena_mut()?;
        arena.fill(Block::ZERO);
        draw::initialize::<N>(arena, seed.into());
        Ok(())
    }

    /// Overwrites a tensor by numbers in row-major order; parameters below 2^-63 become zero.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`] if no tensor has this name, [`Error::ParameterLength`] if it holds another number of
    /// numbers, [`Error::ParameterNumber`] if a variance would be negative, or a count no whole number from 0 to 2^48 - 1. The
    /// tensor is as it was then.
    pub fn set(&mut self, name: &str, values: &[f32]) -> Result<()> {
        let tensor = self.find_for(name, values.len())?;
        check_numbers(tensor, values)?;
        let gradients = self.holds == Holds::Gradients;
        let numbers = must_cast_slice_mut::<Block, f32>(self.arena_mut()?);
        if let (Role::Count, [low, high, ..], &[value]) =
            (tensor.role, &mut numbers[tensor.layout.offset..], values)
        {
            [*low, *high] = split_count(value as u64);
            return Ok(());
        }
        let mut values = values.iter();
        tensor.layout.visit(|place| {
            if let Some(&value) = values.next() {
                numbers[place] = if gradients {
                    value
                } else {
                    flush_number(value)
                };
            }
        });
        Ok(())
    }

    /// Moves all numbers towards those of `other`: `tau` of the way, so that 1 makes a copy. Statistics move, too; a count of
    /// batches becomes the other's. Two networks in a loop, one of which follows slowly, as the targets of reinforcement
    /// learning (Lillicrap et al. 2016) and averages of weights do.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if `tau` is not from 0 to 1, [`Error::Lent`] if an arena shrank; nothing has moved then.
    pub fn lerp_from<B>(&mut self, other: &Parameters<N, B>, tau: f64) -> Result<()>
    where
        B: AsRef<[Block]>,
    {
        blend::lerp::<N::Network>(self.arena_mut()?, other.arena()?, tau)
    }

    /// Brings every number that is learnt into a range, as the critic of Arjovsky et al. 2017 is.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the range ends before it begins, [`Error::Lent`] if the arena shrank.
    pub fn clamp(&mut self, range: RangeInclusive<f32>) -> Result<()> {
        blend::clamp::<N::Network>(self.arena_mut()?, range)
    }

    /// The arena: blocks of sixteen numbers. Padding must stay zero, and numbers below 2^-63 should not be left here:
    /// products of two of them are slow.
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        let named = self.named_blocks();
        let arena = self.arena.as_mut();
        let named = arena.len().min(named);
        &mut arena[..named]
    }

    /// All of the arena.
    pub(crate) fn arena_mut(&mut self) -> Result<&mut [Block]> {
        self.check_held()?;
        let arena = self.arena.as_mut();
        check::<N>(arena)?;
        Ok(&mut arena[..N::Network::PARAMETER_BLOCKS])
    }
}

/// Refuses an arena that ends before the parameters do.
fn check<N: Declared>(arena: &[Block]) -> Result<()> {
    check_lent(
        "blocks of parameters",
        N::Network::PARAMETER_BLOCKS,
        arena.len(),
    )
}

/// Refuses what is no count, and a variance that is negative.
fn check_numbers(tensor: &Tensor, values: &[f32]) -> Result<()> {
    let is_count = |value: f32| (0.0..COUNTS).contains(&value) && libm::truncf(value) == value;
    let (unfit, expected) = if tensor.role == Role::Count {
        (
            values.iter().position(|&value| !is_count(value)),
            "a count of batches, a whole number from 0 to 2^48 - 1",
        )
    } else if tensor.is_variance() {
        (
            values.iter().position(|&value| value < 0.0),
            "a variance, 0 or more",
        )
    } else {
        return Ok(());
    };
    unfit.map_or(Ok(()), |index| {
        Err(Error::ParameterNumber {
            name: tensor.name,
            index,
            expected,
            found: values[index],
        })
    })
}

/// 2^48: counts are below.
const COUNTS: f32 = (1_u64 << 48) as f32;

/// Name and index of the first number of an arena that is not finite.
pub(crate) fn first_not_finite<N: Declared>(arena: &[Block]) -> Option<(&'static str, usize)> {
    let numbers = must_cast_slice::<Block, f32>(arena);
    if numbers.iter().all(|number| number.is_finite()) {
        return None;
    }
    for tensor in N::Network::TENSORS {
        if tensor.layout.extent() > numbers.len() {
            break;
        }
        let (mut index, mut found) = (0, None);
        tensor.layout.visit(|place| {
            if !numbers[place].is_finite() {
                found = found.or(Some(index));
            }
            index += 1;
        });
        if let Some(index) = found {
            return Some((tensor.name, index));
        }
    }
    None
}

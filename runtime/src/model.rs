//! What every model can do: be made, answer, give its parameters by name, save and load.

use crate::{
    block::Block,
    declared::Declared,
    error::Result,
    network::{Layer, Network, count_flops, count_parameters},
    parameters::Parameters,
};
#[cfg(feature = "alloc")]
use crate::{
    declared::SmallOutput,
    inference,
    parameters::{self, Seed},
};
#[cfg(all(feature = "files", feature = "std"))]
use std::path::Path;
#[cfg(feature = "files")]
use {crate::files, alloc::vec::Vec};

#[cfg(feature = "alloc")]
pub use crate::summary::Summary;

/// What every struct that `model!` declares can do; only `model!` implements it. Code for any model is written over
/// this trait:
///
/// ```
/// use kiln::{Model, Result, Seed};
///
/// /// The mean of the answers of three fresh models.
/// fn ensemble<M: Model<Output = [f32; 1]>>(input: &M::Input) -> Result<f32> {
///     let mut sum = 0.0;
///     for seed in 0..3 {
///         let mut answer = [0.0];
///         M::try_new(Seed(seed))?.forward_into(input, &mut answer);
///         sum += answer[0];
///     }
///     Ok(sum / 3.0)
/// }
/// ```
///
/// Inputs and outputs are associated types: `M::Input`, `M::Output`. The inherent methods of a struct are the same as
/// those here: `new`, `forward` and their kin need no trait in scope.
///
/// Files are [safetensors](https://huggingface.co/docs/safetensors) with the names and layouts of PyTorch's
/// `state_dict`.
pub trait Model: Declared + Clone {
    /// The layers: names, kinds, output shapes, parameters and operations.
    const LAYERS: &'static [Layer] = Self::Network::LAYERS;
    /// Numbers the model learns.
    const PARAMS: usize = count_parameters(Self::LAYERS);
    /// Floating-point operations of one sample's forward pass, a multiply-add counted as two.
    const FLOPS: u64 = count_flops(Self::LAYERS);
    /// Bytes of workspace one sample needs in inference.
    const WORKSPACE_BYTES: usize = Self::Network::WORKSPACE_BLOCKS * size_of::<Block>();
    /// Bytes of activations and deltas one sample needs in training.
    const TRAIN_BYTES_PER_SAMPLE: usize = Self::Network::TRAIN_BLOCKS * size_of::<Block>();

    /// A model with fresh parameters, drawn from `seed`. A seed always gives the same model, on every machine.
    ///
    /// # Panics
    ///
    /// If there is no memory for the parameters; [`try_new`](Self::try_new) gives an error instead.
    #[cfg(feature = "alloc")]
    #[must_use]
    #[track_caller]
    fn new(seed: Seed) -> Self {
        parameters::initialized(seed)
    }

    /// A model with fresh parameters, drawn from `seed`.
    ///
    /// # Errors
    ///
    /// [`Error::Memory`](crate::error::Error::Memory) if there is no memory for the parameters.
    #[cfg(feature = "alloc")]
    fn try_new(seed: Seed) -> Result<Self> {
        parameters::try_initialized(seed)
    }

    /// Answers one sample. For models whose answer takes 64 KiB at most; [`forward_into`](Self::forward_into) serves
    /// all.
    #[cfg(feature = "alloc")]
    #[must_use]
    fn forward(&self, input: &Self::Input) -> Self::Output
    where
        Self: SmallOutput,
    {
        inference::forward(self, input)
    }

    /// Answers one sample into memory of the caller.
    #[cfg(feature = "alloc")]
    fn forward_into(&self, input: &Self::Input, output: &mut Self::Output) {
        inference::forward_into(self, input, output);
    }

    /// Answers many samples, one output for each input.
    ///
    /// # Errors
    ///
    /// If the slices differ in length.
    #[cfg(feature = "alloc")]
    fn forward_batch(&self, inputs: &[Self::Input], outputs: &mut [Self::Output]) -> Result<()> {
        inference::forward_batch(self, inputs, outputs)
    }

    /// The parameters by name, in PyTorch's shapes and order.
    fn parameters(&self) -> Parameters<Self, &[Block]> {
        Parameters::trusted(Self::Network::arena(self))
    }

    /// The parameters by name, to be changed. Of a network that is [`Pretrained`](crate::declared::Pretrained), the first
    /// call copies them from the program to the heap. If that is impossible, each function that reads or changes them says
    /// why: [`Error::Memory`](crate::error::Error::Memory), or [`Error::Fixed`](crate::error::Error::Fixed) without an
    /// allocator.
    fn parameters_mut(&mut self) -> Parameters<Self, &mut [Block]> {
        let own = Self::Network::arena_mut(self).own();
        own.map_or_else(|_| Parameters::fixed(&mut []), Parameters::trusted)
    }

    /// Moves the parameters towards those of another network of this kind: `tau` of the way, as the target network of
    /// reinforcement learning follows the one that learns. 1 makes a whole copy, without an allocation.
    ///
    /// ```
    /// use kiln::{Model, Result, Seed};
    ///
    /// fn targets<N: Model>(net: &N) -> Result<N> {
    ///     let mut target = N::try_new(Seed(0))?;
    ///     target.lerp_from(net, 1.0)?;
    ///     // ... and after every step of `net`:
    ///     target.lerp_from(net, 0.005)?;
    ///     Ok(target)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If `tau` is not from 0 to 1; nothing has moved then.
    fn lerp_from(&mut self, other: &Self, tau: f64) -> Result<()> {
        self.parameters_mut().lerp_from(&other.parameters(), tau)
    }

    /// A model with the parameters of a file, as `save` or PyTorch wrote it. No random numbers are drawn for it.
    ///
    /// # Errors
    ///
    /// As [`load`](Model::load), or [`Error::Memory`](crate::error::Error::Memory) if the system has not that much.
    #[cfg(all(feature = "files", feature = "std"))]
    fn open(path: impl AsRef<Path>) -> Result<Self> {
        let mut arena = parameters::zeroed::<Self>()?;
        arena
            .overwrite(|arena| files::load(path, &mut files::own, Self::Network::TENSORS, arena))?;
        Ok(Self::Network::from_arena(arena))
    }

    /// A model with the parameters of the bytes of a safetensors file, such as `include_bytes!` gives. Needs no `std`.
    ///
    /// # Errors
    ///
    /// As [`open`](Model::open), but for those of reading.
    #[cfg(feature = "files")]
    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut arena = parameters::zeroed::<Self>()?;
        arena.overwrite(|arena| {
            files::load_bytes(bytes, &mut files::own, Self::Network::TENSORS, arena)
        })?;
        Ok(Self::Network::from_arena(arena))
    }

    /// Writes the parameters as safetensors, with the names and layouts of PyTorch's `state_dict`. A crash at any
    /// moment leaves an old file whole; its links, its permissions and, where permitted, its owner are kept.
    ///
    /// A file that has several names (hard links) or is mounted cannot be replaced as a whole. It is written over, with
    /// a whole copy beside it until that is done.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`](crate::error::Error::Weights) if a parameter is not finite, or
    /// [`Error::Io`](crate::error::Error::Io) if the file cannot be written; an old file is left as it is then.
    /// [`Error::InPlace`](crate::error::Error::InPlace) if a file could not be written over; it names the whole copy.
    #[cfg(all(feature = "files", feature = "std"))]
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        files::save(path, Self::Network::TENSORS, Self::Network::arena(self))
    }

    /// Reads parameters from safetensors, as `save` or PyTorch wrote them. Numbers are `f32`; those of other types are
    /// converted, `F16` and `BF16` exactly and `F64` to the nearest `f32`, with a relative error of at most 2^-24.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or its tensors are not those of this model: one error lists all that are missing,
    /// unexpected or misshapen, and which of them may be the same by another name. Or if the system has no memory for the
    /// numbers, which a network that is compiled with its weights needs. The model is unchanged then.
    #[cfg(all(feature = "files", feature = "std"))]
    fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        Self::Network::arena_mut(self)
            .overwrite(|arena| files::load(path, &mut files::own, Self::Network::TENSORS, arena))
    }

    /// Reads parameters from a file whose tensors have other names. `rename` is asked about each tensor of the file: it
    /// gives the parameter that the tensor is for, or `None` to leave the tensor out.
    ///
    /// ```
    /// use kiln::{Model, Result};
    ///
    /// # fn renamed<N: Model>(net: &mut N) -> Result<()> {
    /// // Of a file whose names begin with `encoder.`, the encoder alone.
    /// net.load_renamed("net.safetensors", |name| name.strip_prefix("encoder.").map(Into::into))?;
    /// // Of a file with one other name.
    /// net.load_renamed("net.safetensors", |name| {
    ///     Some(match name {
    ///         "head.weight" => "fc.weight".into(),
    ///         name => name.into(),
    ///     })
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`load`](Model::load), and if two tensors are given the same name.
    #[cfg(all(feature = "files", feature = "std"))]
    fn load_renamed(
        &mut self,
        path: impl AsRef<Path>,
        mut rename: impl FnMut(&str) -> Option<alloc::borrow::Cow<'_, str>>,
    ) -> Result<()> {
        Self::Network::arena_mut(self)
            .overwrite(|arena| files::load(path, &mut rename, Self::Network::TENSORS, arena))
    }

    /// The parameters as the bytes of a safetensors file.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`](crate::error::Error::Weights) if a parameter is not finite.
    #[cfg(feature = "files")]
    fn to_bytes(&self) -> Result<Vec<u8>> {
        files::to_bytes(Self::Network::TENSORS, Self::Network::arena(self))
    }

    /// Reads parameters from the bytes of a safetensors file, such as `include_bytes!` gives. Needs no `std`.
    ///
    /// # Errors
    ///
    /// As [`load`](Model::load), but for those of reading.
    #[cfg(feature = "files")]
    fn load_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Self::Network::arena_mut(self).overwrite(|arena| {
            files::load_bytes(bytes, &mut files::own, Self::Network::TENSORS, arena)
        })
    }

    /// Reads parameters from the bytes of a safetensors file whose tensors have other names; see
    /// [`load_renamed`](Model::load_renamed).
    ///
    /// # Errors
    ///
    /// As [`load_renamed`](Model::load_renamed), but for those of reading.
    #[cfg(feature = "files")]
    fn load_bytes_renamed(
        &mut self,
        bytes: &[u8],
        mut rename: impl FnMut(&str) -> Option<alloc::borrow::Cow<'_, str>>,
    ) -> Result<()> {
        Self::Network::arena_mut(self)
            .overwrite(|arena| files::load_bytes(bytes, &mut rename, Self::Network::TENSORS, arena))
    }

    /// What the layers' `l1` and `l2` add to the loss. Reported losses leave it out.
    fn penalty(&self) -> f64 {
        self.parameters().penalty()
    }

    /// The layers as a table, as Keras prints it.
    #[cfg(feature = "alloc")]
    fn summary(&self) -> Summary {
        Summary::of::<Self>()
    }
}

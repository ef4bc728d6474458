//! What C programs call: the bodies of the functions that `#[kiln(export_c)]` makes of a model.
//!
//! Pointers arrive as optional references, so that a null pointer is `None`; every function gives one of these codes.

use crate::{
    block::Block,
    model::Model,
    network::Network,
    parameters::{Parameters, Seed},
    stream::{Causal, StreamState},
    value::Value,
};
use bytemuck::Zeroable;
use core::mem::MaybeUninit;

/// Everything was done.
pub const OK: i32 = 0;
/// A pointer is null; nothing was written.
pub const NULL: i32 = 1;
/// A size is not that of the library: the header is of another version of the model.
pub const SIZE: i32 = 2;
/// An index in an input is one that a layer does not take; nothing was written.
pub const INDEX: i32 = 3;

/// Draws parameters.
pub fn init<M: Model>(parameters: Option<&mut [Block]>, seed: u64) -> i32 {
    let Some(parameters) = parameters else {
        return NULL;
    };
    match Parameters::<M, _>::new(parameters).and_then(|mut it| it.initialize(Seed(seed))) {
        Ok(()) => OK,
        Err(_) => SIZE,
    }
}

/// Copies the parameters of a network.
pub fn pretrained<M: Model>(net: &M, parameters: Option<&mut [Block]>) -> i32 {
    let Some(parameters) = parameters else {
        return NULL;
    };
    let arena = M::Network::arena(net);
    if arena.len() != parameters.len() {
        return SIZE;
    }
    parameters.copy_from_slice(arena);
    OK
}

/// Whether the layers of a model take every index of an input, or of a frame of it.
fn takes<M: Model>(input: &impl Value) -> bool {
    M::Network::TOKENS.iter().all(|tokens| {
        let taken = tokens.least..=tokens.most;
        let mut indices = input.indices(tokens.part).iter();
        indices.all(|index| taken.contains(index))
    })
}

/// Answers one sample by the parameters of the caller, or else by those of the network.
#[inline(always)]
pub fn forward<M: Model>(
    net: Option<&M>,
    parameters: Option<&[Block]>,
    input: Option<&M::Input>,
    output: Option<&mut M::Output>,
    workspace: Option<&mut [Block]>,
) -> i32 {
    let parameters = parameters.or(net.map(M::Network::arena));
    let (Some(parameters), Some(input), Some(output), Some(workspace)) =
        (parameters, input, output, workspace)
    else {
        return NULL;
    };
    if !takes::<M>(input) {
        return INDEX;
    }
    let net = Parameters::<M, _>::new(parameters);
    match net.and_then(|net| net.forward_in(input, output, workspace)) {
        Ok(()) => OK,
        Err(_) => SIZE,
    }
}

/// Answers one step of a stream, likewise.
#[inline(always)]
pub fn step<M: Causal + Model>(
    net: Option<&M>,
    parameters: Option<&[Block]>,
    state: Option<&mut StreamState<M>>,
    frame: Option<&M::InputFrame>,
    answer: Option<&mut M::OutputFrame>,
) -> i32 {
    let parameters = parameters.or(net.map(M::Network::arena));
    let (Some(parameters), Some(state), Some(frame), Some(answer)) =
        (parameters, state, frame, answer)
    else {
        return NULL;
    };
    if !takes::<M>(frame) {
        return INDEX;
    }
    let net = Parameters::<M, _>::new(parameters);
    match net.and_then(|net| net.step_in(state, frame, answer)) {
        Ok(()) => OK,
        Err(_) => SIZE,
    }
}

/// Begins a stream in memory of the caller's, whatever is in it.
pub fn reset<M: Causal>(state: Option<&mut MaybeUninit<StreamState<M>>>) -> i32 {
    let Some(state) = state else {
        return NULL;
    };
    state.write(StreamState::new());
    OK
}

/// Whether the sizes in a header are those of the library.
pub fn check(found: &[usize], expected: &[usize]) -> i32 {
    if found == expected { OK } else { SIZE }
}

/// An answer before it is there.
pub fn zeroed<T: Zeroable>() -> T {
    T::zeroed()
}

#[cfg(test)]
mod tests {
    use super::{OK, SIZE, check};

    #[test]
    fn sizes_are_compared() {
        assert_eq!(check(&[64, 128], &[64, 128]), OK);
        assert_eq!(check(&[64, 127], &[64, 128]), SIZE);
        assert_eq!(check(&[0, 128], &[64, 128]), SIZE);
    }
}

//! Streams: a model that answers frame by frame, with what it keeps in between.
//!
//! `forward` sees a whole sequence. A stream is given its frames one after another and answers each as soon as it comes, with
//! the bits that `forward` gives for it. What a step takes from those before lies in a [`StreamState`] of constant size, in
//! which it also works: no step allocates, locks or calls the system.

mod bytes;
mod causal;
mod player;
mod state;

pub use causal::{Causal, Memory, Steps};
pub use player::{DynStream, OwnedStream, Stream};
pub use state::StreamState;

//! `Gru(hidden, reset_after = true)`: gated recurrent units over the steps of a sequence (Cho et al. 2014), as
//! `torch.nn.GRU` with `batch_first = True`; with the reset gate before the product, as the paper, ONNX by default and older
//! Keras have it, where `reset_after = false`.

use super::recurrence::{Cell, Recurrence, layer::recurrence};

recurrence! {
    /// Gated recurrent units.
    Gru = |arguments| {
        Recurrence::declare(arguments, |arguments| {
            match arguments.flag("reset_after", true) {
                true => Cell::Gru,
                false => Cell::GruResetBefore,
            }
        })
    }
}

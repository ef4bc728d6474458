//! `Lstm(hidden)`: long short-term memory over the steps of a sequence (Hochreiter and Schmidhuber 1997), as
//! `torch.nn.LSTM` with `batch_first = True`.

use super::recurrence::{Cell, Recurrence, layer::recurrence};

recurrence! {
    /// Long short-term memory.
    Lstm = |arguments| {
        let layer = Recurrence::declare(arguments, |_| Cell::Lstm);
        let forget = arguments.optional_number("forget_bias", "1");
        if forget.is_some() && !layer.bias {
            arguments.reject(
                "forget_bias",
                "this layer has no biases; drop `forget_bias`",
            );
        }
        Recurrence { forget, ..layer }
    }
}

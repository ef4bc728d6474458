//! `Rnn(hidden, nonlinearity = Tanh)`: the plain recurrence h = tanh(W x + U h + b), or with a rectifier, over the steps of
//! a sequence (Elman 1990), as `torch.nn.RNN` with `batch_first = True`.

use super::recurrence::{Cell, Recurrence, layer::recurrence};

/// The words of `nonlinearity`.
const NONLINEARITIES: &[(&str, Cell)] = &[("Tanh", Cell::RnnTanh), ("Relu", Cell::RnnRelu)];

recurrence! {
    /// A plain recurrence.
    Rnn = |arguments| {
        Recurrence::declare(arguments, |arguments| {
            let cell = arguments.word("nonlinearity", NONLINEARITIES);
            cell.unwrap_or(Cell::RnnTanh)
        })
    }
}

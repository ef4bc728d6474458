//! The gradients of one direction of a level: which rows of a batch meet which deltas.

use super::lower::{GATES, SAVED, Sizes};
use super::{Cell, Recurrence};
use crate::call::{Form, Gradient, Join, Size, Slot, Term};
use crate::ops::{dense, length};
use crate::rt::{self, kernels};
use crate::site::Site;
use crate::storage::LANES;

kernels! {
    UPDATE = recurrent::update(s, x, dy, mut stretch);
}

impl Recurrence {
    /// The gradient of parameter `index`.
    pub fn update(&self, site: &Site<'_>, index: usize) -> Gradient<Slot> {
        match index {
            0 => self.update_input(site),
            1 => self.update_recurrent(site),
            _ => dense::bias_gradient(self.panels(), self.sizes(site).t, self.deltas(index == 3)),
        }
    }

    /// The deltas of the sums that inputs, or hidden states, enter.
    fn deltas(&self, of_hidden: bool) -> Slot {
        match of_hidden && self.cell == Cell::Gru {
            true => SAVED,
            false => GATES,
        }
    }

    /// The gradient of `weight_ih`: the input of every step that counts meets its deltas.
    fn update_input(&self, site: &Site<'_>) -> Gradient<Slot> {
        let Sizes { t, i, ks, p, .. } = self.sizes(site);
        let x = Form::Floats {
            rows: t,
            floats: ks,
        };
        let dy = Form::Rows { rows: t, blocks: p };
        let mut term = Term::of(t, [("x", Slot::Input(0), x), ("dy", GATES, dy)]);
        if let Some(operand) = self.length {
            term.lengths = Some(length::view(operand));
            let sizes = [t, p, ks].map(Size::Number).to_vec();
            term.through = Some((rt::COUNTED_ROWS, sizes));
        }
        let together = self.cell.panels_together(p);
        gradient((i, ks, p), (together, together), vec![term])
    }

    /// The gradient of `weight_hh`: every step's hidden state meets the deltas of the next. Where the reset gate comes
    /// before the product, the two operands of every step were kept side by side.
    fn update_recurrent(&self, site: &Site<'_>) -> Gradient<Slot> {
        let Sizes {
            t, y, h, b, p, g, ..
        } = self.sizes(site);
        let steps = |steps, blocks| Form::Steps { steps, blocks };
        let hidden = b * LANES;
        if self.cell == Cell::GruResetBefore {
            let floats = 2 * hidden;
            let x = Form::Floats { rows: t, floats };
            let dy = Form::Rows { rows: t, blocks: p };
            let term = Term::of(t, [("x", SAVED, x), ("dy", GATES, dy)]);
            return gradient((h, floats, p), (g, g - 1), vec![term]);
        }
        let deltas = ("dy", self.deltas(true), steps(t, p));
        let mut term = Term::of(t, [("x", Slot::Output, steps(y, b)), deltas]);
        let sizes = [t, y, b, p, hidden].map(Size::Number).into_iter();
        let sizes = sizes.chain([Size::Flag(self.reverse)]);
        term.through = Some((rt::RECURRENT_ROWS, sizes.collect()));
        let mut terms = vec![term];
        if !self.states_of(site.inputs.len()).is_empty() {
            let first = ("x", Slot::Input(1), steps(1, b));
            let mut term = Term::of(1, [first, deltas]);
            let mut sizes = [t, b, p, hidden].map(Size::Number).to_vec();
            term.through = Some(match self.length {
                // The first step is the last that counts.
                Some(operand) if self.reverse => {
                    term.lengths = Some(length::view(operand));
                    (rt::LAST_ROWS, sizes)
                }
                _ => {
                    sizes.push(Size::Flag(self.reverse));
                    (rt::INITIAL_ROWS, sizes)
                }
            });
            terms.push(term);
        }
        let together = self.cell.panels_together(p);
        gradient((h, hidden, p), (together, together), terms)
    }
}

/// The gradient of weights of `k` inputs, which stand `width` floats apart, and `p` panels: so many are summed `together`, of
/// which those from `second` on meet the second half of the operand.
fn gradient(
    (k, width, p): (usize, usize, usize),
    (together, second): (usize, usize),
    terms: Vec<Term<Slot>>,
) -> Gradient<Slot> {
    let sizes = [k, width, p, together, second].map(Size::Number);
    Gradient {
        kernel: &UPDATE,
        sizes: std::iter::once(Size::Isa).chain(sizes).collect(),
        terms,
        join: Join::Chain,
    }
}

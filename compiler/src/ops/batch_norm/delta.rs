//! The delta before what training absorbed: where backward finds it.

use crate::call::{Call, Slot};
use crate::ops::activation;
use crate::site::{Activation, Site};

/// How backward comes by d, the delta before the activation.
pub struct Delta {
    /// The call that makes it in place, if one does.
    pub through: Option<Call<Slot>>,
    /// Where it is found.
    pub delta: Slot,
    /// Whether the sums write it, as the first term of the residual's delta.
    pub apart: bool,
    /// What it is made by wherever it is read; the identity where it is found as it is.
    pub made_by: Activation,
}

impl Delta {
    /// That of straight pieces follows from x; a residual's has a place of its own, unless others left a term there.
    pub fn of(site: &Site<'_>) -> Self {
        let found = Self {
            through: None,
            delta: Slot::Delta,
            apart: false,
            made_by: Activation::IDENTITY,
        };
        match (site.inputs.len(), site.adds(1)) {
            (1, _) if site.activation.is_straight => Self {
                made_by: site.activation,
                ..found
            },
            (2, Some(false)) => Self {
                delta: Slot::InputDelta(1),
                apart: true,
                ..found
            },
            _ => Self {
                through: activation::through(site),
                ..found
            },
        }
    }
}

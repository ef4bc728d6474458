//! The delta before what training absorbed: where backward finds it.

use crate::call::{Call, Slot};
use crate::ops::activation;
use crate::site::Site;

/// How backward comes by d, the delta before the activation.
pub struct Delta {
    /// The call that makes it in place, if one does.
    pub through: Option<Call<Slot>>,
    /// Where it is found.
    pub delta: Slot,
    /// Whether the sums write it, as the first term of the residual's delta.
    pub apart: bool,
    /// Whether it is made wherever it is read, by a rectifier with this floor.
    pub floor: f32,
}

impl Delta {
    /// A rectifier's follows from x; a residual's has a place of its own, unless others left a term there.
    pub fn of(site: &Site<'_>) -> Self {
        let found = Self {
            through: None,
            delta: Slot::Delta,
            apart: false,
            floor: f32::NEG_INFINITY,
        };
        match (site.inputs.len(), site.adds(1), site.activation.floor) {
            (1, _, Some(floor)) => Self { floor, ..found },
            (2, Some(false), _) => Self {
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

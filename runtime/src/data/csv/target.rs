//! What a table's rows are to be answered with.

use super::loaded::Loaded;
use crate::{error::Result, flat};
use alloc::{string::String, vec, vec::Vec};

/// What kind of targets there are, without their type.
#[derive(Clone, Debug, Default)]
pub enum Kind {
    /// None.
    #[default]
    None,
    /// Numbers.
    Numbers(Vec<String>),
    /// Words or whole numbers that name a class, and all of them if they are given.
    Class(String, Option<Vec<String>>),
}

impl Kind {
    /// The columns that hold the targets.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Numbers(columns) => columns.clone(),
            Self::Class(column, _) => vec![column.clone()],
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for usize {}
    impl<const M: usize> Sealed for [f32; M] {}
}

/// A target of a table: `()` where there is none, `[f32; M]` of `M` columns of numbers, `usize` where a column names a class.
pub trait Target: Sized + sealed::Sealed {
    /// The targets of all rows.
    #[doc(hidden)]
    fn take(loaded: &mut Loaded) -> Result<Vec<Self>>;
}

impl Target for () {
    fn take(loaded: &mut Loaded) -> Result<Vec<Self>> {
        Ok(vec![(); loaded.lines.len()])
    }
}

impl Target for usize {
    fn take(loaded: &mut Loaded) -> Result<Vec<Self>> {
        Ok(core::mem::take(&mut loaded.labels))
    }
}

impl<const M: usize> Target for [f32; M] {
    fn take(loaded: &mut Loaded) -> Result<Vec<Self>> {
        Ok(flat::rows::<Self>(&loaded.targets)?.to_vec())
    }
}

//! What a setting was set to.

use core::fmt::{self, Display, Formatter};

/// What a setting was set to, as [`Error::Setting`](super::Error::Setting) tells it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Found {
    /// A count.
    Count(usize),
    /// A number.
    Number(f64),
    /// A number, after so many steps of training.
    After(f64, u64),
    /// What has words only.
    Words(&'static str),
    /// What has more to say.
    #[cfg(feature = "alloc")]
    Text(alloc::string::String),
}

impl Display for Found {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::After(number, steps) => write!(f, "{number:?} after step {steps}"),
            Self::Words(words) => f.write_str(words),
            #[cfg(feature = "alloc")]
            Self::Text(text) => f.write_str(text),
        }
    }
}

//! What a tensor of a file is called here.

use alloc::borrow::Cow;

/// Gives a tensor of a file the name of a parameter, or leaves it out.
pub type Rename<'a> = &'a mut dyn FnMut(&str) -> Option<Cow<'_, str>>;

/// Every tensor is that of its own name.
pub fn own(name: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(name))
}

//! Resampling: PyTorch's `Upsample`, by the nearest pixel or linearly along each axis, up or down.
//!
//! Output i of an axis stands at p = max((i + before) scale - after, 0) of the input, between pixel j = floor(p) and
//! the next, whose weight is w = p - j; the last pixel has no next. By the nearest pixel w = 0. With v and u for rows
//! and columns:
//!
//! ```text
//! y[i][k] = (1 - v) ((1 - u) x[j][l] + u x[j][l+1]) + v ((1 - u) x[j+1][l] + u x[j+1][l+1])
//! dx[j][l] = sum over i, k of a[i] b[k] dy[i][k]
//!            a[i] = 1 - v of the outputs i at j, v of those at j - 1; b[k] likewise, of u and l
//! ```
//!
//! Both go along a row of outputs once: rows are combined first, and a pixel's combination, or the sum that it is owed,
//! waits in registers until the row has passed it. So forward reads two rows and writes one, and backward gathers each
//! pixel's terms in the order of the outputs. A chain has 64 rows or 64 columns at most; what several of them leave is
//! added up in dx.
//!
//! Borders of x and dy are never read. Products of three numbers are flushed in between (see [`math::flush`](crate::math::flush)).

mod backward;
mod forward;
mod source;
#[cfg(test)]
mod tests;

pub use backward::backward;
pub use forward::forward;
pub use source::Source;

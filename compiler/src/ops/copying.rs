//! What repacking, slicing, concatenating and taking the last step have in common: strided copies of regions.

use crate::emit::site::Site;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Axis, Storage};
use proc_macro2::TokenStream;
use quote::quote;

/// Elements copied from an operand to the result.
pub struct Region {
    /// First float in the operand.
    pub from: usize,
    /// First float in the result.
    pub to: usize,
    /// Indices, floats apart in the operand, floats apart in the result; the outermost axis first.
    pub axes: Vec<(usize, usize, usize)>,
}

impl Region {
    /// All elements of one storage into another of as many elements.
    pub fn whole(from: &Storage, to: &Storage) -> Self {
        let ((from, from_axes), (to, to_axes)) = (from.axes(), to.axes());
        let axes =
            refine(&from_axes, &to_axes).expect("layouts are flat, or factor the same shape");
        Self { from, to, axes }
    }

    /// `count` indices of one axis, beginning at `from_index` there and `to_index` here; all of every other axis.
    pub fn along(
        axis: usize,
        count: usize,
        (from, from_index): (&Storage, usize),
        (to, to_index): (&Storage, usize),
    ) -> Self {
        let ((from, from_axes), (to, to_axes)) = (from.axes(), to.axes());
        let mut axes = from_axes
            .iter()
            .zip(&to_axes)
            .map(|(from, to)| (from.size, from.stride, to.stride))
            .collect::<Vec<_>>();
        axes[axis].0 = count;
        Self {
            from: from + from_index * from_axes[axis].stride,
            to: to + to_index * to_axes[axis].stride,
            axes,
        }
    }
}

/// Axes of two storages cut so that both have the same sizes; `None` where their sizes interleave.
fn refine(from: &[Axis], to: &[Axis]) -> Option<Vec<(usize, usize, usize)>> {
    let (mut from, mut to) = (merge(from), merge(to));
    let mut refined = Vec::new();
    loop {
        match (from.pop(), to.pop()) {
            (None, None) => break,
            (Some(axis), other) if axis.size == 1 => to.extend(other),
            (other, Some(axis)) if axis.size == 1 => from.extend(other),
            (Some(a), Some(b)) => {
                let size = a.size.min(b.size);
                if !a.size.is_multiple_of(size) || !b.size.is_multiple_of(size) {
                    return None;
                }
                refined.push((size, a.stride, b.stride));
                let rest = |axis: Axis| {
                    (axis.size > size).then(|| Axis {
                        size: axis.size / size,
                        stride: axis.stride * size,
                    })
                };
                from.extend(rest(a));
                to.extend(rest(b));
            }
            _ => return None,
        }
    }
    refined.reverse();
    Some(refined)
}

/// Axes that run on without a gap as one.
fn merge(axes: &[Axis]) -> Vec<Axis> {
    let mut merged: Vec<Axis> = Vec::new();
    for &axis in axes {
        match merged.last_mut() {
            Some(outer) if outer.stride == axis.size * axis.stride => {
                *outer = Axis {
                    size: outer.size * axis.size,
                    stride: axis.stride,
                };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Whether `from` can be copied into `to` in one go.
pub fn fits(from: &Storage, to: &Storage) -> bool {
    refine(&from.axes().1, &to.axes().1).is_some()
}

/// Copies every operand's region into the result, whose gaps become zero.
pub fn forward(site: &Site<'_>, regions: &[Region]) -> TokenStream {
    let steps = regions.iter().enumerate().map(|(operand, region)| {
        let clear = operand == 0 && (regions.len() > 1 || site.output().has_gaps());
        let (x, y) = (site.input(operand).blocks(), site.output().blocks());
        let copy = strided(
            ("x", x, region.from),
            ("y", y, region.to),
            &region.axes,
            clear,
            false,
        );
        site.step(&[("x", Slot::Input(operand)), ("y", Slot::Output)], &copy)
    });
    quote!(#(#steps)*)
}

/// Copies every region of the delta back to its operand, or adds it where others have written.
pub fn backward(site: &Site<'_>, regions: &[Region]) -> TokenStream {
    let steps = regions.iter().enumerate().filter_map(|(operand, region)| {
        let add = site.adds(operand)?;
        let (dx, dy) = (site.input(operand).blocks(), site.output().blocks());
        let axes = region
            .axes
            .iter()
            .map(|&(size, from, to)| (size, to, from))
            .collect::<Vec<_>>();
        let copy = strided(
            ("dy", dy, region.to),
            ("dx", dx, region.from),
            &axes,
            !add,
            add,
        );
        Some(site.step(
            &[("dy", Slot::Delta), ("dx", Slot::InputDelta(operand))],
            &copy,
        ))
    });
    quote!(#(#steps)*)
}

/// One call: names, blocks per sample and first floats of both sides.
fn strided(
    (x, x_blocks, from): (&str, usize, usize),
    (y, y_blocks, to): (&str, usize, usize),
    axes: &[(usize, usize, usize)],
    clear: bool,
    add: bool,
) -> TokenStream {
    let (path, axis) = (rt::strided_copy(), rt::strided_axis());
    let name = |name: &str| proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
    let (x, y) = (name(x), name(y));
    let axes = axes
        .iter()
        .map(|(size, from, to)| quote!(#axis { size: #size, from: #from, to: #to }));
    quote!(#path::<#clear, #add>((#x, #x_blocks, #from), (#y, #y_blocks, #to), &[#(#axes),*]);)
}

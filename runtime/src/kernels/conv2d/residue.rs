//! The gradient of a strided convolution's input, one axis at a time.
//!
//! Output r reads input i through tap k where
//!
//! ```text
//! r stride + k dilation - padding = i,   that is,   r = (i + padding - k dilation) / stride   if that divides
//! ```
//!
//! Whether it divides depends on k and on the rest of i + padding by the stride alone: inputs of the same rest, which lie
//! `stride` apart, are reached by the same taps. Let g be the greatest common divisor of dilation and stride. If k is such a
//! tap, so are k + stride / g, k + 2 stride / g and so on, and no other; each of them reads an output dilation / g before the
//! one that the tap before it reads. And the next input of the class reads, through every tap, the next output.
//!
//! So a class is a convolution of the delta without a stride: its taps in descending order, `tap_step` = stride / g apart
//! in the kernel, read outputs `dilation` / g apart, from `origin` on for the first input. What lies outside the delta is zero.
//!
//! # Example
//!
//! Kernel 3, stride 2, dilation 3, padding 1, an input of 8. There are two outputs, which read
//!
//! ```text
//! r = 0:   i = -1 (k = 0, padding),  2 (k = 1),  5 (k = 2)
//! r = 1:   i =  1 (k = 0),           4 (k = 1),  7 (k = 2)
//! ```
//!
//! g = 1, so every second tap belongs to a class, and its outputs are three apart.
//!
//! ```text
//! rest 0:  i = 1, 3, 5, 7   taps 2 and 0   input 1 reads r = -2 through tap 2 and r = 1 through tap 0:   origin -2
//!                                          input 3 reads r = -1 and r = 2: no output, no gradient
//!                                          input 5 reads r =  0 through tap 2 (and r = 3)
//!                                          input 7 reads r =  1 through tap 2 (and r = 4)
//! rest 1:  i = 0, 2, 4, 6   tap 1          input 0 reads r = -1, 2 reads r = 0, 4 reads r = 1, 6 reads r = 2:   origin -1
//! ```

use crate::kernels::stencil::Along;

/// A class of inputs along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residue {
    /// The first input.
    pub first: usize,
    /// How many there are, up to the last that has a gradient.
    pub count: usize,
    /// Taps that reach them.
    pub taps: usize,
    /// The least of these taps.
    pub tap: usize,
    /// From such a tap to the next.
    pub tap_step: usize,
    /// The output that the first tap reads for the first input; before the first output it is negative.
    pub origin: isize,
    /// Outputs from tap to tap.
    pub dilation: usize,
}

impl Residue {
    /// The class of a rest, less than the stride.
    #[inline(always)]
    pub const fn of(along: Along, rest: usize) -> Self {
        let Along {
            kernel,
            stride,
            dilation,
            padding,
            ..
        } = along;
        let common = greatest_common_divisor(dilation, stride);
        let tap_step = stride / common;
        let first = (rest + stride - padding % stride) % stride;
        // The least k with k dilation = rest, but for multiples of the stride.
        let k = if rest.is_multiple_of(common) {
            rest / common * inverse(dilation / common, tap_step) % tap_step
        } else {
            kernel
        };
        let taps = kernel.saturating_sub(k).div_ceil(tap_step);
        let last = k + taps.saturating_sub(1) * tap_step;
        let numerator = (first + padding) as isize - (last * dilation) as isize;
        Self {
            first,
            count: along.reached().saturating_sub(first).div_ceil(stride),
            taps,
            tap: k,
            tap_step,
            origin: numerator / stride as isize,
            dilation: dilation / common,
        }
    }

    /// Whether no input of it has a gradient.
    #[inline(always)]
    pub const fn is_empty(self) -> bool {
        self.taps * self.count == 0
    }
}

/// Whether all classes have as many inputs, and whether they have as many taps.
pub const fn alike(along: Along) -> [bool; 2] {
    let first = Residue::of(along, 0);
    let mut alike = [true; 2];
    let mut rest = 1;
    while rest < along.stride {
        let class = Residue::of(along, rest);
        alike = [
            alike[0] && class.count == first.count,
            alike[1] && class.taps == first.taps,
        ];
        rest += 1;
    }
    alike
}

/// Whether some tap reaches an input.
pub const fn reaches(along: Along, input: usize) -> bool {
    let rest = (input + along.padding) % along.stride;
    input < along.reached() && Residue::of(along, rest).taps > 0
}

/// Whether some tap reaches every input of an axis.
pub const fn covers(along: Along) -> bool {
    if along.reached() < along.size {
        return false;
    }
    let mut rest = 0;
    while rest < along.stride {
        let class = Residue::of(along, rest);
        if class.taps == 0 && class.count > 0 {
            return false;
        }
        rest += 1;
    }
    true
}

const fn greatest_common_divisor(a: usize, b: usize) -> usize {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The number below `n` that gives 1 times `a`, but for multiples of `n`, to which `a` has no divisor in common; 0 if `n` is 1.
const fn inverse(a: usize, n: usize) -> usize {
    // Of each pair, rest = factor a, but for multiples of n.
    let (mut rest, mut next) = (n, a % n);
    let (mut factor, mut next_factor) = (0, 1 % n);
    while next != 0 {
        let times = rest / next;
        (rest, next) = (next, rest % next);
        let less = times % n * next_factor % n;
        (factor, next_factor) = (next_factor, (factor + n - less) % n);
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::{Residue, covers, greatest_common_divisor, inverse};
    use crate::kernels::stencil::Along;
    use alloc::{vec, vec::Vec};

    /// The example of the module's documentation.
    const EXAMPLE: Along = Along {
        size: 8,
        outputs: 2,
        kernel: 3,
        stride: 2,
        dilation: 3,
        padding: 1,
    };

    #[test]
    fn the_example_holds() {
        let even = Residue {
            first: 1,
            count: 4,
            taps: 2,
            tap: 0,
            tap_step: 2,
            origin: -2,
            dilation: 3,
        };
        let odd = Residue {
            first: 0,
            count: 4,
            taps: 1,
            tap: 1,
            tap_step: 2,
            origin: -1,
            dilation: 3,
        };
        assert_eq!([0, 1].map(|rest| Residue::of(EXAMPLE, rest)), [even, odd]);
        assert!(covers(EXAMPLE));
    }

    #[test]
    fn inverses_are_inverse() {
        for n in 1..40 {
            for a in (1..40).filter(|&a| greatest_common_divisor(a, n) == 1) {
                assert_eq!(a * inverse(a, n) % n, 1 % n, "{a} of {n}");
            }
        }
    }

    /// Which outputs each input reads through which taps, by the definition.
    fn defined(along: Along) -> Vec<Vec<(usize, usize)>> {
        let mut reads = vec![Vec::new(); along.size];
        for r in 0..along.outputs {
            for k in 0..along.kernel {
                let i = (r * along.stride + k * along.dilation).wrapping_sub(along.padding);
                if let Some(input) = reads.get_mut(i) {
                    input.push((r, k));
                }
            }
        }
        reads
    }

    /// The same, class by class.
    fn by_class(along: Along) -> Vec<Vec<(usize, usize)>> {
        let mut reads = vec![Vec::new(); along.size];
        for rest in 0..along.stride {
            let class = Residue::of(along, rest);
            for nth in 0..class.count {
                for tap in 0..class.taps {
                    let r = class.origin + (nth + tap * class.dilation) as isize;
                    if (0..along.outputs as isize).contains(&r) {
                        let k = class.tap + (class.taps - 1 - tap) * class.tap_step;
                        reads[class.first + nth * along.stride].push((r as usize, k));
                    }
                }
            }
        }
        reads
    }

    #[test]
    fn classes_read_what_the_definition_does() {
        for kernel in 1..=5 {
            for stride in 1..=4 {
                for dilation in 1..=4 {
                    for padding in 0..=4 {
                        for size in 1..=13_usize {
                            let reach = (kernel - 1) * dilation + 1;
                            let Some(room) = (size + 2 * padding).checked_sub(reach) else {
                                continue;
                            };
                            let along = Along {
                                size,
                                outputs: room / stride + 1,
                                kernel,
                                stride,
                                dilation,
                                padding,
                            };
                            let defined = defined(along);
                            assert_eq!(by_class(along), defined, "{along:?}");
                        }
                    }
                }
            }
        }
    }
}

//! Cross-entropy of every pixel of an image, whose channels are classes: sixteen pixels at a time.

use super::{plain::CrossEntropy, with::CrossEntropyWith};
use crate::{
    block::LANES,
    error::Result,
    loss::classes::{ClassWeights, Classes, hits, in_range, is_ignored, weight_of},
    loss::label::Label,
    loss::sample::Loss,
    math,
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// Sixteen pixels of a channel from `at` on; zeros behind the image's end.
#[inline(always)]
fn lanes<S: Isa>(s: S, channel: &[f32], at: usize) -> f32x16<S> {
    let here = &channel[at..];
    match here.first_chunk::<LANES>() {
        Some(block) => f32x16::simd_from(s, *block),
        None => {
            let mut padded = [0.0; LANES];
            padded[..here.len()].copy_from_slice(here);
            f32x16::simd_from(s, padded)
        }
    }
}

/// Writes them.
#[inline(always)]
fn put<S: Isa>(value: f32x16<S>, channel: &mut [f32], at: usize) {
    let here = &mut channel[at..];
    match here.first_chunk_mut::<LANES>() {
        Some(block) => value.store_array(block),
        None => {
            let padded: [f32; LANES] = value.into();
            let count = here.len();
            here.copy_from_slice(&padded[..count]);
        }
    }
}

impl<W> CrossEntropyWith<W> {
    /// The summed loss of all pixels, channel after channel; leaves `scale` times the gradient.
    #[inline(always)]
    fn pixels<S: Isa, T: Label, const C: usize>(
        &self,
        s: S,
        logits: &[f32],
        labels: &[T],
        scale: f32,
        deltas: &mut [f32],
    ) -> f64
    where
        W: ClassWeights<C>,
    {
        let (count, weights) = (labels.len(), self.weight.each());
        let kept = (1.0 - self.label_smoothing) as f32;
        let spread = (self.label_smoothing / C.max(1) as f64) as f32;
        let part = |class: usize| spread * weights.map_or(1.0, |weights| weights[class]);
        let spread_all: f32 = (0..C).map(part).sum();
        let mut total = 0.0;
        for (index, labels) in labels.chunks(LANES).enumerate() {
            let at = index * LANES;
            let mut m = f32x16::splat(s, f32::NEG_INFINITY);
            for channel in logits.chunks_exact(count) {
                m = math::maximum(s, m, lanes(s, channel, at));
            }
            // Powers wait in the deltas until their sums are known.
            let zero = f32x16::splat(s, 0.0);
            let (mut sums, mut costs) = (zero, zero);
            let channels = logits
                .chunks_exact(count)
                .zip(deltas.chunks_exact_mut(count));
            for (class, (channel, delta)) in channels.enumerate() {
                let below = lanes(s, channel, at) - m;
                let power = math::share(s, below);
                sums += power;
                costs -= below * part(class);
                put(power, delta, at);
            }
            let logarithms: [f32; LANES] = math::ln(s, sums).into();
            let costs: [f32; LANES] = costs.into();
            let largest: [f32; LANES] = m.into();
            // What a pixel's powers are multiplied by, 0 where its label is left out.
            let (mut all, mut counts) = ([0.0; LANES], [0.0; LANES]);
            for (lane, &label) in labels.iter().enumerate() {
                if is_ignored(self.ignore_index, label) {
                    continue;
                }
                let amount = kept * weight_of(weights, None, label);
                (all[lane], counts[lane]) = (spread_all + amount, 1.0);
                let class = label.class().filter(|class| *class < C);
                total += class.map_or(f64::NAN, |class| {
                    let below = logits[class * count + at + lane] - largest[lane];
                    let spread = if spread == 0.0 { 0.0 } else { costs[lane] };
                    f64::from(all[lane] * logarithms[lane]) + f64::from(spread - amount * below)
                });
            }
            let all = f32x16::simd_from(s, all) * f32x16::splat(s, scale);
            let factor = all.simd_eq(0.0).select(zero, all / sums);
            let counts = f32x16::simd_from(s, counts) * f32x16::splat(s, scale);
            for (class, delta) in deltas.chunks_exact_mut(count).enumerate() {
                let power = all.simd_eq(0.0).select(zero, lanes(s, delta, at) * factor);
                put(power - counts * part(class), delta, at);
            }
            for (lane, &label) in labels.iter().enumerate() {
                let class = label.class().filter(|class| *class < C);
                if let Some(class) = class
                    && !is_ignored(self.ignore_index, label)
                {
                    let amount = kept * weight_of(weights, None, label);
                    deltas[class * count + at + lane] -= scale * amount;
                }
            }
        }
        total
    }

    /// How often the largest logit of a pixel is that of the right class, and of how many pixels.
    fn right_pixels<T: Label, const C: usize>(&self, logits: &[f32], labels: &[T]) -> [usize; 2] {
        let [mut right, mut counted] = [0; 2];
        for (pixel, &label) in labels.iter().enumerate() {
            if is_ignored(self.ignore_index, label) {
                continue;
            }
            let of =
                core::array::from_fn::<f32, C, _>(|class| logits[class * labels.len() + pixel]);
            right += usize::from(hits(&of, label.class()));
            counted += 1;
        }
        [right, counted]
    }
}

/// Images `[[[f32; W]; H]; C]`, a channel for each class, against a label for each pixel: segmentation, as PyTorch does on
/// `[N, C, H, W]`.
impl<L, V, const W: usize, const H: usize, const C: usize> Loss<[[[f32; W]; H]; C], [[L; W]; H]>
    for CrossEntropyWith<V>
where
    L: Label,
    V: ClassWeights<C>,
{
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[[[f32; W]; H]; C],
        target: &[[L; W]; H],
        scale: f32,
        delta: &mut [[[f32; W]; H]; C],
    ) -> f32 {
        let pixels = (W * H).max(1);
        let logits = output.as_flattened().as_flattened();
        let deltas = delta.as_flattened_mut().as_flattened_mut();
        let labels = target.as_flattened();
        let sum = self.pixels::<S, L, C>(s, logits, labels, scale / pixels as f32, deltas);
        (sum / pixels as f64) as f32
    }

    fn sample_weight(&self, target: &[[L; W]; H]) -> f32 {
        let labels = target.as_flattened().iter();
        let weights =
            labels.map(|&label| f64::from(weight_of(self.weight.each(), self.ignore_index, label)));
        (weights.sum::<f64>() / (W * H).max(1) as f64) as f32
    }

    fn accuracy(&self, output: &[[[f32; W]; H]; C], target: &[[L; W]; H]) -> Option<f32> {
        let logits = output.as_flattened().as_flattened();
        let [right, counted] = self.right_pixels::<L, C>(logits, target.as_flattened());
        Some(right as f32 / counted.max(1) as f32)
    }

    fn accuracy_weight(&self, target: &[[L; W]; H]) -> f32 {
        let labels = target.as_flattened().iter();
        let counted = labels.filter(|label| !is_ignored(self.ignore_index, **label));
        counted.count() as f32 / (W * H).max(1) as f32
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check_settings(&self) -> Result<()> {
        Classes::<C, L>::check_settings(self)
    }

    fn check(&self, row: usize, target: &[[L; W]; H]) -> Result<()> {
        let mut labels = target.as_flattened().iter();
        labels.try_for_each(|&label| in_range::<C>(row, self.ignore_index, label))
    }
}

/// Images, as with options.
impl<L: Label, const W: usize, const H: usize, const C: usize> Loss<[[[f32; W]; H]; C], [[L; W]; H]>
    for CrossEntropy
{
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[[[f32; W]; H]; C],
        target: &[[L; W]; H],
        scale: f32,
        delta: &mut [[[f32; W]; H]; C],
    ) -> f32 {
        Self::PLAIN.row(s, output, target, scale, delta)
    }

    fn accuracy(&self, output: &[[[f32; W]; H]; C], target: &[[L; W]; H]) -> Option<f32> {
        Self::PLAIN.accuracy(output, target)
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check(&self, row: usize, target: &[[L; W]; H]) -> Result<()> {
        Loss::<[[[f32; W]; H]; C], _>::check(&Self::PLAIN, row, target)
    }
}

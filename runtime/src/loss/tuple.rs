//! Tuples of losses, one for each output.

use super::{
    sample::Loss,
    score::Part,
    whole::{PART, check_alone},
};
use crate::{error::Result, simd::Isa};

/// Implements [`Loss`] for tuples, each output with its own loss: the sum. Each part has a mean of its own over the batch,
/// and accuracy is that of the parts that have one, averaged.
macro_rules! tuple {
    ($($loss:ident $output:ident $target:ident $index:tt),*) => {
        impl<$($output, $target, $loss: Loss<$output, $target>),*> Loss<($($output,)*), ($($target,)*)>
            for ($($loss,)*)
        {
            const PARTS: usize = 0 $(+ <$loss as Loss<$output, $target>>::PARTS)*;

            #[inline(always)]
            fn row<S: Isa>(
                &self,
                s: S,
                output: &($($output,)*),
                target: &($($target,)*),
                scale: f32,
                delta: &mut ($($output,)*),
            ) -> f32 {
                let mut sum = 0.0;
                $(
                    sum += self.$index.row(
                        s,
                        &output.$index,
                        &target.$index,
                        scale,
                        &mut delta.$index,
                    );
                )*
                sum
            }

            fn accuracy(&self, output: &($($output,)*), target: &($($target,)*)) -> Option<f32> {
                let (mut sum, mut count) = (0.0, 0.0);
                $(
                    if let Some(accuracy) = self.$index.accuracy(&output.$index, &target.$index) {
                        sum += accuracy;
                        count += 1.0;
                    }
                )*
                (count > 0.0).then(|| sum / count)
            }

            fn check_settings(&self) -> Result<()> {
                $(
                    check_alone::<$output, $target, $loss>(PART)?;
                    self.$index.check_settings()?;
                )*
                Ok(())
            }

            fn check(&self, row: usize, target: &($($target,)*)) -> Result<()> {
                $(self.$index.check(row, &target.$index)?;)*
                Ok(())
            }

            #[inline(always)]
            fn weigh(&self, target: &($($target,)*), sums: &mut [f64]) {
                let mut rest = sums;
                $(
                    let here;
                    (here, rest) = rest.split_at_mut(<$loss as Loss<$output, $target>>::PARTS);
                    self.$index.weigh(&target.$index, here);
                )*
                let _ = rest;
            }

            #[inline(always)]
            fn judge<S: Isa>(
                &self,
                s: S,
                output: &($($output,)*),
                target: &($($target,)*),
                scales: &[f32],
                delta: &mut ($($output,)*),
                parts: &mut [Part],
            ) {
                let (mut scales, mut parts) = (scales, parts);
                $(
                    let (scale, part);
                    (scale, scales) = scales.split_at(<$loss as Loss<$output, $target>>::PARTS);
                    (part, parts) = parts.split_at_mut(<$loss as Loss<$output, $target>>::PARTS);
                    self.$index.judge(s, &output.$index, &target.$index, scale, &mut delta.$index, part);
                )*
                let _ = (scales, parts);
            }
        }
    };
}

tuple!(LA A TA 0, LB B TB 1);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2, LD D TD 3);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2, LD D TD 3, LE E TE 4);
tuple!(LA A TA 0, LB B TB 1, LC C TC 2, LD D TD 3, LE E TE 4, LF F TF 5);

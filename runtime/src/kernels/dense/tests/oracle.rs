//! The three products of the layer against matrixmultiply, which is what multiplies matrices of f32 in ndarray.

use super::Layer;
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Identity,
        dense::{Start, forward, forward_one, transpose, update},
    },
    simd::{self, Isa, Task},
    update::{Consumer, Store, Stretch},
};
use approx::abs_diff_eq;
use ndarray::Array2;
use std::{boxed::Box, format, vec};

/// y = x W for many rows and for each alone, dx = dz W^T and dW = x^T dz, as a task; dz is the layer's `y`, whose rows
/// are `F = 16 P` floats.
struct Products<'a, const K: usize, const N: usize, const P: usize, const F: usize, const Q: usize>
{
    layer: &'a Layer<K, K, N, P>,
    y: &'a mut [[Block; P]],
    alone: &'a mut [[Block; P]],
    dx: &'a mut [[Block; Q]],
    dw: &'a mut [[Block; K]],
}

impl<const K: usize, const N: usize, const P: usize, const F: usize, const Q: usize> Task
    for Products<'_, K, N, P, F, Q>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Layer { x, w, y: dz, .. } = self.layer;
        forward::<S, Identity, K, K, N, P>(s, x, w, Start::Zero, self.y);
        for (x, y) in x.iter().zip(self.alone) {
            forward_one::<S, Identity, K, K, N, P>(s, x, w, Start::Zero, y);
        }
        let mut wt: Box<[[Block; N]; Q]> = vec![[Block::ZERO; N]; Q].try_into().unwrap();
        transpose(s, w, 0, &mut wt[..]);
        let rows: &[[f32; F]] = bytemuck::must_cast_slice(dz);
        forward::<S, Identity, N, F, K, Q>(s, rows, &wt, Start::Zero, self.dx);
        let rows = core::iter::once((&x[..], &dz[..]));
        let dw = self.dw.as_flattened_mut();
        let state = &mut vec![(); K * P];
        let mut sink = Consumer::new(s, &Store, dw, state);
        update::<S, K, K, P>(s, rows, &mut Stretch::new(&mut sink, 0));
    }
}

/// A product by the oracle, and the same of absolute values.
struct Expected {
    value: Array2<f32>,
    size: Array2<f32>,
    terms: usize,
}

impl Expected {
    fn new(a: &Array2<f32>, b: &Array2<f32>) -> Self {
        Self {
            value: a.dot(b),
            size: a.mapv(f32::abs).dot(&b.mapv(f32::abs)),
            terms: a.ncols(),
        }
    }

    /// Two orders of n terms differ by n roundings at most, and since the signs of roundings are random, by hardly more
    /// than 2 sqrt(n) of them where n is large: far less than one term.
    fn check(&self, what: &str, found: impl Fn(usize, usize) -> f32) {
        let terms = self.terms as f32;
        let roundings = terms.min(2.0 * terms.sqrt());
        for ((row, column), &value) in self.value.indexed_iter() {
            let bound = self.size[(row, column)] * roundings * f32::EPSILON;
            let found = found(row, column);
            assert!(
                abs_diff_eq!(found, value, epsilon = bound),
                "{what} at {row}, {column}: {found} is not {value} to {bound:e}"
            );
        }
    }
}

fn check<const K: usize, const N: usize, const P: usize, const F: usize, const Q: usize>(
    rows: usize,
) {
    let layer = Layer::<K, K, N, P>::new(rows, (rows * 31 + K) as u32);
    let lane = |blocks: &[Block], n: usize| blocks[n / LANES].0[n % LANES];
    let x = Array2::from_shape_fn((rows, K), |(row, k)| layer.x[row][k]);
    let w = Array2::from_shape_fn((K, N), |(k, n)| layer.w[n / LANES][k].0[n % LANES]);
    let dz = Array2::from_shape_fn((rows, N), |(row, n)| lane(&layer.y[row], n));
    let y = Expected::new(&x, &w);
    let dx = Expected::new(&dz, &w.t().to_owned());
    let dw = Expected::new(&x.t().to_owned(), &dz);
    for level in simd::levels() {
        let nan = Block([f32::NAN; LANES]);
        let (mut found_y, mut found_alone) = (vec![[nan; P]; rows], vec![[nan; P]; rows]);
        let (mut found_dx, mut found_dw) = (vec![[nan; Q]; rows], vec![[nan; K]; P]);
        let products = Products::<K, N, P, F, Q> {
            layer: &layer,
            y: &mut found_y,
            alone: &mut found_alone,
            dx: &mut found_dx,
            dw: &mut found_dw,
        };
        simd::dispatch(level, products);
        let what = |name| format!("{level:?}, {rows} x {K} -> {N}, {name}");
        y.check(&what("y"), |row, n| lane(&found_y[row], n));
        y.check(&what("y alone"), |row, n| lane(&found_alone[row], n));
        dx.check(&what("dx"), |row, k| lane(&found_dx[row], k));
        dw.check(&what("dw"), |k, n| found_dw[n / LANES][k].0[n % LANES]);
        std::println!("{}", what("all products agree"));
    }
}

#[test]
fn products_agree_with_matrixmultiply() {
    check::<1, 1, 1, 16, 1>(1);
    check::<17, 10, 1, 16, 2>(5);
    check::<33, 145, 10, 160, 3>(13);
    check::<64, 48, 3, 48, 4>(24);
    check::<784, 128, 8, 128, 49>(3);
    check::<2049, 15, 1, 16, 129>(7);
    check::<3000, 50, 4, 64, 188>(3);
}

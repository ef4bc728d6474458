//! One rounding each, so the results are those of plain f32.

use super::*;
use crate::{
    block::LANES,
    simd::{self, Task},
};
use std::println;

/// Blocks of numbers that do not look alike.
fn blocks(factor: usize) -> [Block; 3] {
    core::array::from_fn(|block| {
        let number = |lane: usize| ((block * LANES + lane) * factor % 31) as f32 / 7.0 - 2.0;
        Block(core::array::from_fn(number))
    })
}

struct Case;

impl Task for Case {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let (x, y, dz) = (blocks(5), blocks(11), blocks(17));
        let expect = |found: [Block; 3], f: &dyn Fn(f32, f32, f32) -> f32| {
            for block in 0..3 {
                for lane in 0..LANES {
                    let [x, y, dz] = [&x, &y, &dz].map(|numbers| numbers[block].0[lane]);
                    assert_eq!(found[block].0[lane], f(x, y, dz), "on {:?}", S::SET);
                }
            }
        };
        let mut z = [Block([f32::NAN; LANES]); 3];
        add(s, &x, &y, &mut z);
        expect(z, &|x, y, _| x + y);
        sub(s, &x, &y, &mut z);
        expect(z, &|x, y, _| x - y);
        mul(s, &x, &y, &mut z);
        expect(z, &|x, y, _| x * y);

        scale::<S, false>(s, &x, &mut z, -0.75);
        expect(z, &|x, _, _| x * -0.75);
        scale::<S, true>(s, &x, &mut z, -0.75);
        expect(z, &|x, _, _| x * -0.75 + x * -0.75);

        let mut dx = [Block([f32::NAN; LANES]); 3];
        term_backward::<S, false, false>(s, &dz, &mut dx);
        expect(dx, &|_, _, dz| dz);
        term_backward::<S, false, true>(s, &dz, &mut dx);
        expect(dx, &|_, _, dz| dz + dz);
        term_backward::<S, true, false>(s, &dz, &mut dx);
        expect(dx, &|_, _, dz| -dz);
        let mut dx = [Block([f32::NAN; LANES]); 3];
        factor_backward::<S, false>(s, &y, &dz, &mut dx);
        expect(dx, &|_, y, dz| y * dz);
        factor_backward::<S, true>(s, &y, &dz, &mut dx);
        expect(dx, &|_, y, dz| y * dz + y * dz);
        println!("arithmetic on {:?}", S::SET);
    }
}

#[test]
fn results_are_those_of_plain_numbers() {
    for level in simd::levels() {
        simd::dispatch(level, Case);
    }
}

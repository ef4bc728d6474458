//! Instruction sets: which one runs, and how a register tile covers a matrix on each.

use crate::shape::Shapes;
use core::sync::atomic::{AtomicU8, Ordering};
use fearless_simd::{Level, Simd};

/// The instruction sets kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// 32 registers of sixteen floats (Ice Lake, Zen 4 and newer).
    Avx512,
    /// 16 registers of eight floats, with fused multiply-add.
    Avx2,
    /// 16 registers of four floats: every 64-bit x86.
    Sse2,
    /// 32 registers of four floats: every 64-bit Arm.
    Neon,
    /// 128-bit WebAssembly.
    Wasm,
    /// Plain scalar code.
    Scalar,
}

/// A vector token together with the shape of the register tile that fills its registers and no more.
///
/// The two `cover` functions cut `rows` x `blocks` accumulators into tiles and visit them in a fixed order.
/// Which rows share a tile never changes a row's arithmetic: every accumulator is one chain over k.
pub trait Isa: Simd + Shapes {
    /// The instruction set this token proves.
    const SET: InstructionSet;

    /// Visits tiles with blocks as the outer loop: a panel of weights stays in the level-1 cache while rows stream by.
    fn cover_blocks<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V);

    /// Visits tiles with rows as the outer loop: the rows' operand stays near while all blocks pass.
    fn cover_rows<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V);

    /// Visits the blocks of a single row in groups that keep the multipliers busy: the fewer blocks in a group, the
    /// more chains each of its sums is split into.
    fn cover_row<V: VisitRow>(self, blocks: usize, visit: &mut V);
}

/// What is done with each tile of a cover; implement with `#[inline(always)]`.
pub trait Visit {
    /// The most blocks there can be: tiles of more are not compiled.
    const BLOCKS: usize = usize::MAX;

    /// Handles rows `row..row + ROWS` and blocks `block..block + BLOCKS`.
    fn tile<const ROWS: usize, const BLOCKS: usize>(&mut self, row: usize, block: usize);
}

/// What is done with each group of a single row's blocks; implement with `#[inline(always)]`.
pub trait VisitRow {
    /// Handles blocks `block..block + BLOCKS`, each sum in `CHAINS` (a power of two) chains.
    fn tile<const BLOCKS: usize, const CHAINS: usize>(&mut self, block: usize);
}

/// A computation that is generic over the instruction set; what [`dispatch`] runs.
pub trait Task {
    /// What the computation gives.
    type Output;
    /// Runs it; implement with `#[inline(always)]`.
    fn run<S: Isa>(self, s: S) -> Self::Output;
}

/// Visits the tiles of `rows` x `blocks` that `R` x `B` divides, in the order of `BY_ROWS`.
#[inline(always)]
fn sweep<V: Visit, const R: usize, const B: usize, const BY_ROWS: bool>(
    rows: core::ops::Range<usize>,
    blocks: core::ops::Range<usize>,
    visit: &mut V,
) {
    if const { B > V::BLOCKS } {
        return;
    }
    if BY_ROWS {
        for row in rows.step_by(R) {
            for block in blocks.clone().step_by(B) {
                visit.tile::<R, B>(row, block);
            }
        }
    } else {
        for block in blocks.step_by(B) {
            for row in rows.clone().step_by(R) {
                visit.tile::<R, B>(row, block);
            }
        }
    }
}

/// Visits all blocks of `rows` (a multiple of `R`): groups of `B` first, single ones after.
#[inline(always)]
fn sweep_grouped<V: Visit, const R: usize, const B: usize, const BY_ROWS: bool>(
    rows: core::ops::Range<usize>,
    blocks: usize,
    visit: &mut V,
) {
    let grouped = if const { B > V::BLOCKS } {
        0
    } else {
        blocks - blocks % B
    };
    sweep::<V, R, B, BY_ROWS>(rows.clone(), 0..grouped, visit);
    sweep::<V, R, 1, BY_ROWS>(rows, grouped..blocks, visit);
}

/// 32 wide registers: 12 x 2 leaves room for two blocks of weights; 8 x 2 evens out the last rows.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn cover_32_wide<V: Visit, const BY_ROWS: bool>(rows: usize, blocks: usize, visit: &mut V) {
    // rows = 12 a + 8 b + rest, where b grows to 2 if that leaves no rest of four.
    let spare = rows % 12;
    let eights = if spare >= 8 {
        1
    } else if spare >= 4 && rows >= 16 {
        2
    } else {
        0
    };
    let twelves = (rows - eights * 8) / 12 * 12;
    let even = twelves + eights * 8;
    sweep_grouped::<V, 12, 2, BY_ROWS>(0..twelves, blocks, visit);
    sweep_grouped::<V, 8, 2, BY_ROWS>(twelves..even, blocks, visit);
    let four = even + (rows - even) / 4 * 4;
    sweep_grouped::<V, 4, 4, BY_ROWS>(even..four, blocks, visit);
    let two = four + (rows - four) / 2 * 2;
    sweep_grouped::<V, 2, 8, BY_ROWS>(four..two, blocks, visit);
    sweep_grouped::<V, 1, 8, BY_ROWS>(two..rows, blocks, visit);
}

/// Cuts `rows` into tiles of six, five and four, as equal as can be, and says where each size ends; at most three
/// rows remain, and only of seven rows or fewer than four.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn even_by_six(rows: usize) -> [usize; 3] {
    if rows < 4 {
        return [0; 3];
    }
    let tiles = rows.div_ceil(6);
    let (least, larger) = (rows / tiles, rows % tiles);
    match least {
        6 => [rows; 3],
        5 => [larger * 6, rows, rows],
        4 => [0, larger * 5, rows],
        // Seven rows: four and three.
        _ => [0, 0, 4],
    }
}

/// 16 registers of eight or 32 of four: 6 x 1 holds twelve or twenty-four of them, and 4 x 1, 2 x 2 and 1 x 4 still
/// are as many chains as two multipliers of four cycles need.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn cover_six<V: Visit, const BY_ROWS: bool>(rows: usize, blocks: usize, visit: &mut V) {
    let [six, five, four] = even_by_six(rows);
    if BY_ROWS {
        sweep::<V, 6, 1, true>(0..six, 0..blocks, visit);
        sweep::<V, 5, 1, true>(six..five, 0..blocks, visit);
        sweep::<V, 4, 1, true>(five..four, 0..blocks, visit);
    } else if four > 0 {
        for block in 0..blocks {
            sweep::<V, 6, 1, false>(0..six, block..block + 1, visit);
            sweep::<V, 5, 1, false>(six..five, block..block + 1, visit);
            sweep::<V, 4, 1, false>(five..four, block..block + 1, visit);
        }
    }
    let two = four + (rows - four) / 2 * 2;
    sweep_grouped::<V, 2, 2, BY_ROWS>(four..two, blocks, visit);
    sweep_grouped::<V, 1, 4, BY_ROWS>(two..rows, blocks, visit);
}

/// 16 registers of four, or none at all.
#[inline(always)]
fn cover_narrow<V: Visit, const BY_ROWS: bool>(rows: usize, blocks: usize, visit: &mut V) {
    let two = rows / 2 * 2;
    sweep::<V, 2, 1, BY_ROWS>(0..two, 0..blocks, visit);
    sweep::<V, 1, 1, BY_ROWS>(two..rows, 0..blocks, visit);
}

/// One row on wide registers, one for each block: groups of eight sums in all.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn row_32_wide<V: VisitRow>(blocks: usize, visit: &mut V) {
    let mut block = 0;
    while block + 8 <= blocks {
        visit.tile::<8, 1>(block);
        block += 8;
    }
    if block + 4 <= blocks {
        visit.tile::<4, 2>(block);
        block += 4;
    }
    if block + 2 <= blocks {
        visit.tile::<2, 4>(block);
        block += 2;
    }
    if block < blocks {
        visit.tile::<1, 8>(block);
    }
}

/// One row on registers of which a block fills two or more.
#[inline(always)]
fn row_narrow<V: VisitRow>(blocks: usize, visit: &mut V) {
    let mut block = 0;
    while block + 4 <= blocks {
        visit.tile::<4, 1>(block);
        block += 4;
    }
    if block + 2 <= blocks {
        visit.tile::<2, 2>(block);
        block += 2;
    }
    if block < blocks {
        visit.tile::<1, 4>(block);
    }
}

/// Implements [`Isa`] for a token: its name and its covers.
macro_rules! isa {
    ($(#[$gate:meta])? $token:ty, $set:ident, $cover:ident, $row:ident) => {
        $(#[$gate])?
        impl Isa for $token {
            const SET: InstructionSet = InstructionSet::$set;

            #[inline(always)]
            fn cover_blocks<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V) {
                $cover::<V, false>(rows, blocks, visit);
            }

            #[inline(always)]
            fn cover_rows<V: Visit>(self, rows: usize, blocks: usize, visit: &mut V) {
                $cover::<V, true>(rows, blocks, visit);
            }

            #[inline(always)]
            fn cover_row<V: VisitRow>(self, blocks: usize, visit: &mut V) {
                $row(blocks, visit);
            }
        }
    };
}

isa!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx512,
    Avx512,
    cover_32_wide,
    row_32_wide
);
isa!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx2,
    Avx2,
    cover_six,
    row_narrow
);
isa!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Sse2,
    Sse2,
    cover_narrow,
    row_narrow
);
isa!(
    #[cfg(target_arch = "aarch64")]
    fearless_simd::aarch64::Neon,
    Neon,
    cover_six,
    row_narrow
);
isa!(
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    fearless_simd::wasm32::WasmSimd128,
    Wasm,
    cover_narrow,
    row_narrow
);
isa!(
    #[cfg(any(
        feature = "fallback",
        not(any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        ))
    ))]
    fearless_simd::Fallback,
    Scalar,
    cover_narrow,
    row_narrow
);

/// Runs a task in the context of one token's instruction set.
#[inline(always)]
fn enter<S: Isa, T: Task>(s: S, task: T) -> T::Output {
    s.vectorize(
        #[inline(always)]
        || task.run(s),
    )
}

/// Runs a task on the instruction set of `level`: once per model call, never per layer.
#[inline(always)]
pub fn dispatch<T: Task>(level: Level, task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(s) = level.as_avx512() {
            return enter(s, task);
        }
        if let Some(s) = level.as_avx2() {
            return enter(s, task);
        }
        #[cfg(feature = "fallback")]
        if level.is_fallback() {
            return enter(fearless_simd::Fallback::new(), task);
        }
        match level.as_sse2().or(Level::baseline().as_sse2()) {
            Some(s) => enter(s, task),
            None => unreachable!("every x86-64 has SSE2"),
        }
    }
    #[cfg(target_arch = "aarch64")]
    match level.as_neon() {
        Some(s) => enter(s, task),
        None => unreachable!("every 64-bit Arm has NEON"),
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    match level.as_wasm_simd128() {
        Some(s) => enter(s, task),
        None => unreachable!("built for simd128"),
    }
    #[cfg(not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )))]
    {
        let _ = level;
        enter(fearless_simd::Fallback::new(), task)
    }
}

/// Every level this machine and this build can run, best first: one test body runs on all of them.
pub fn levels() -> impl Iterator<Item = Level> {
    #[allow(unused_mut)]
    let mut all = [None; 4];
    #[cfg(target_arch = "x86_64")]
    {
        let best = detect();
        all[0] = best.as_avx512().map(Level::Avx512);
        all[1] = best.as_avx2().map(Level::Avx2);
        all[2] = best.as_sse2().map(Level::Sse2);
        #[cfg(feature = "fallback")]
        {
            all[3] = Some(Level::fallback());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        all[0] = Some(detect());
    }
    all.into_iter().flatten()
}

/// The best level of this machine.
#[inline(always)]
pub fn detect() -> Level {
    #[cfg(feature = "std")]
    {
        Level::new()
    }
    #[cfg(not(feature = "std"))]
    {
        Level::baseline()
    }
}

/// The instruction set [`dispatch`] runs for a level.
pub fn set_of(level: Level) -> InstructionSet {
    struct Name;
    impl Task for Name {
        type Output = InstructionSet;
        #[inline(always)]
        fn run<S: Isa>(self, _: S) -> InstructionSet {
            S::SET
        }
    }
    dispatch(level, Name)
}

/// 0, or one more than the instruction set that everything is restricted to.
static RESTRICTION: AtomicU8 = AtomicU8::new(0);

/// Restricts all that follows in this process to one instruction set, or lifts the restriction with `None`.
///
/// The order of sums differs between instruction sets, so results do in their last bits; a restriction makes
/// two machines agree, or lets tests run what a smaller machine would. Gives `false`, and changes nothing, if this
/// machine or this build lacks the set.
pub fn restrict(set: impl Into<Option<InstructionSet>>) -> bool {
    let set = set.into();
    let possible = set.is_none_or(|set| levels().any(|level| set_of(level) == set));
    if possible {
        RESTRICTION.store(set.map_or(0, |set| set as u8 + 1), Ordering::Relaxed);
    }
    possible
}

/// The level that a call should run on: the best of this machine, unless [`restrict`] says otherwise.
#[inline(always)]
pub fn level() -> Level {
    match RESTRICTION.load(Ordering::Relaxed) {
        0 => detect(),
        code => restricted(code),
    }
}

#[cold]
fn restricted(code: u8) -> Level {
    levels()
        .find(|&level| set_of(level) as u8 + 1 == code)
        .unwrap_or_else(detect)
}

//! Instruction sets: which one runs.

pub mod chains;

use crate::tile::shape::Tiles;
use core::sync::atomic::{AtomicU8, Ordering};
use fearless_simd::{Level, Simd};

/// Vectors of sixteen floats on any instruction set, for losses and optimizers of one's own: those of
/// [fearless_simd](https://docs.rs/fearless_simd).
pub mod vectors {
    pub use fearless_simd::{Simd, f32x16, prelude::*, u32x16};
}

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

/// A vector token, and the tiles that fill its registers.
pub trait Isa: Simd + Tiles {
    /// The instruction set this token proves.
    const SET: InstructionSet;
}

/// A computation that is generic over the instruction set; what [`dispatch`] runs.
pub trait Task {
    /// What the computation gives.
    type Output;
    /// Runs it; implement with `#[inline(always)]`.
    fn run<S: Isa>(self, s: S) -> Self::Output;
}

/// Names the instruction set of a token.
macro_rules! isa {
    ($(#[$gate:meta])? $token:ty, $set:ident) => {
        $(#[$gate])?
        impl Isa for $token {
            const SET: InstructionSet = InstructionSet::$set;
        }
    };
}

isa!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx512,
    Avx512
);
isa!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Avx2,
    Avx2
);
isa!(
    #[cfg(target_arch = "x86_64")]
    fearless_simd::x86::Sse2,
    Sse2
);
isa!(
    #[cfg(target_arch = "aarch64")]
    fearless_simd::aarch64::Neon,
    Neon
);
isa!(
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    fearless_simd::wasm32::WasmSimd128,
    Wasm
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
    Scalar
);

/// Whether the machine that is built for has vectors at all. One that has none is small: what a kernel keeps on the stack so
/// that sums stay near, or weights and moments come as a stream, is some KiB there. No result depends on these sizes.
pub(crate) const HAS_VECTORS: bool = cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
));

/// Runs a task in the context of one token's instruction set.
#[inline(always)]
fn enter<S: Isa, T: Task>(s: S, task: T) -> T::Output {
    s.vectorize(
        #[inline(always)]
        || task.run(s),
    )
}

/// Runs `f` as a part of what calls it, which runs on the instruction set already. A debug build gives every variable memory
/// of its own, and a whole network would not fit the stack: there it is a function.
#[inline(always)]
pub(crate) fn inlined<S: Isa, R>(s: S, f: impl FnOnce() -> R) -> R {
    match cfg!(debug_assertions) {
        true => s.vectorize(f),
        false => f(),
    }
}

/// Evaluates an expression with the token of a level's instruction set.
macro_rules! on_level {
    ($level:expr, $s:ident => $body:expr) => {{
        let level: ::fearless_simd::Level = $level;
        #[cfg(target_arch = "x86_64")]
        {
            if let Some($s) = level.as_avx512() {
                $body
            } else if let Some($s) = level.as_avx2() {
                $body
            } else {
                #[cfg(feature = "fallback")]
                if level.is_fallback() {
                    let $s = ::fearless_simd::Fallback::new();
                    return $body;
                }
                match level
                    .as_sse2()
                    .or(::fearless_simd::Level::baseline().as_sse2())
                {
                    Some($s) => $body,
                    None => unreachable!("every x86-64 has SSE2"),
                }
            }
        }
        #[cfg(target_arch = "aarch64")]
        match level.as_neon() {
            Some($s) => $body,
            None => unreachable!("every 64-bit Arm has NEON"),
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        match level.as_wasm_simd128() {
            Some($s) => $body,
            None => unreachable!("built for simd128"),
        }
        #[cfg(not(any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        )))]
        {
            let _ = level;
            let $s = ::fearless_simd::Fallback::new();
            $body
        }
    }};
}

/// Runs a task on the instruction set of `level`: once per model call, never per layer.
#[inline(always)]
pub fn dispatch<T: Task>(level: Level, task: T) -> T::Output {
    on_level!(level, s => enter(s, task))
}

/// Declares a kernel whose sizes are values, `fn name = generic(argument: type, ..)`, so that the generic function is compiled
/// here, once for each instruction set, and not in every user's crate, where every network would pay for it again. A call
/// costs a jump by the instruction set more.
macro_rules! compiled_here {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident = $generic:ident($($argument:ident: $type:ty),* $(,)?);
    )*) => {$(
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments, reason = "called by expansions")]
        $visibility fn $name<S: $crate::simd::Isa>(s: S, $($argument: $type),*) {
            #[cfg(any(
                target_arch = "x86_64",
                target_arch = "aarch64",
                all(target_arch = "wasm32", target_feature = "simd128")
            ))]
            {
                #[allow(clippy::too_many_arguments, reason = "called by expansions")]
                #[inline(never)]
                fn here(level: ::fearless_simd::Level, $($argument: $type),*) {
                    $crate::simd::on_level!(level, s => $generic(s, $($argument),*));
                }

                here(s.level(), $($argument),*);
            }
            // Scalar code of sixteen lanes takes long to compile. A machine without vectors has no room for it either, so
            // that a program compiles what it calls and nothing more.
            #[cfg(not(any(
                target_arch = "x86_64",
                target_arch = "aarch64",
                all(target_arch = "wasm32", target_feature = "simd128")
            )))]
            $generic(s, $($argument),*);
        }
    )*};
}
pub(crate) use compiled_here;
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
))]
pub(crate) use on_level;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_run_on_vectors_and_on_scalar_code() {
        let sets = levels().map(set_of).collect::<std::vec::Vec<_>>();
        let vectors = [
            InstructionSet::Sse2,
            InstructionSet::Neon,
            InstructionSet::Wasm,
        ];
        assert!(vectors.iter().any(|&set| sets.contains(&set)), "{sets:?}");
        if cfg!(target_arch = "x86_64") {
            assert!(sets.contains(&InstructionSet::Scalar), "{sets:?}");
        }
    }
}

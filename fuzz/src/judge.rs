//! The bounds that the compiler keeps.

use std::{fs, thread, time::Duration};

use kiln_compiler::facade::Facade;

use crate::input;

/// A quarter of the stack that rustc gives to macros.
const STACK: usize = 2 << 20;

/// The most time that one input takes, of a processor of its own: 2 s in a debug build, which a fuzzer's instruments
/// make five times slower.
const TIME: Duration = Duration::from_secs(2 * 5);

/// Compiles what some bytes declare, on a small stack; panics if that panics or takes too long.
pub fn compile_in_bounds(data: &[u8]) {
    let data = data.to_vec();
    let compile = move || {
        let Some(tokens) = input::tokens(&data) else {
            return;
        };
        let begun = processor_time();
        let facade = Facade::owning(quote::quote!(::kiln));
        let expansion = kiln_compiler::compile(&facade, tokens);
        if let (Some(begun), Some(ended)) = (begun, processor_time()) {
            assert!(ended - begun < TIME, "compiling took {:?}", ended - begun);
        }
        drop(expansion);
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(compile);
    thread
        .expect("a thread starts")
        .join()
        .expect("compile does not panic");
}

/// What this thread has used of processors, where the system says so.
fn processor_time() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = statistics.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

//! Threads that stay awake while there is work now and then.
//!
//! A step forks some times in less than a millisecond. rayon's threads fall asleep after some microseconds without work;
//! to wake one costs as much as a small step, and the system often puts it where the one that wakes it is running, so that
//! the two share a core while another is idle. Here those that wait look for work until there is some:
//!
//! ```text
//! thread 0    run:  f .. join(a, b):  a ......  look until b is done .. f .. join ..           the end
//! thread 1    look ......................  b ....................  look ..........  b ....  look .....
//! ```
//!
//! Where there are more threads than the machine runs at once, waiting would take time from work, and rayon's way is taken.

use core::{
    cell::Cell,
    hint,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use std::{
    sync::OnceLock,
    thread::{self, available_parallelism},
    time::Instant,
};

/// Looks for work between two of which a thread lets others of the system have the core.
const LOOKS: u32 = 64;

/// A thread that has found no work for this long sleeps between looks.
const PATIENCE: Duration = Duration::from_millis(2);

/// What part of its idle time a thread sleeps before the next look, and how long at most.
const NAP: u32 = 16;
const LONGEST_NAP: Duration = Duration::from_millis(1);

std::thread_local! {
    /// Whether this thread waits within a join, where it must not become one that looks for work until the end.
    static JOINS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the threads of this pool run all at once.
fn all_run() -> bool {
    static AVAILABLE: OnceLock<usize> = OnceLock::new();
    let available = AVAILABLE.get_or_init(|| available_parallelism().map_or(1, usize::from));
    rayon::current_num_threads() <= *available
}

/// Says that something is done when it is dropped, even by a panic.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Marks this thread as one that joins, as long as this lives.
struct Joining {
    before: bool,
}

impl Joining {
    fn new() -> Self {
        Self {
            before: JOINS.replace(true),
        }
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        JOINS.set(self.before);
    }
}

/// Works for others until something is done.
fn work_until(done: &AtomicBool) {
    let (mut looks, mut since) = (0_u32, None);
    while !done.load(Ordering::Acquire) {
        if let Some(rayon::Yield::Executed) = rayon::yield_now() {
            (looks, since) = (0, None);
            continue;
        }
        looks = looks.wrapping_add(1);
        if !looks.is_multiple_of(LOOKS) {
            hint::spin_loop();
            continue;
        }
        thread::yield_now();
        let idle = since.get_or_insert_with(Instant::now).elapsed();
        if idle > PATIENCE {
            thread::sleep((idle / NAP).min(LONGEST_NAP));
        }
    }
}

/// Runs both, at the same time if another thread is free.
pub fn join(a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
    if !all_run() {
        rayon::join(a, b);
        return;
    }
    let _joining = Joining::new();
    let done = AtomicBool::new(false);
    rayon::join(
        || {
            a();
            work_until(&done);
        },
        || {
            let _done = Done(&done);
            b();
        },
    );
}

/// Runs `f` on a thread of a pool, whose other threads look for work meanwhile.
pub fn run(f: &mut (dyn FnMut() + Send)) {
    if !all_run() {
        return f();
    }
    let done = AtomicBool::new(false);
    rayon::scope(|scope| {
        let _done = Done(&done);
        scope.spawn_broadcast(|_, _| {
            if !JOINS.get() {
                work_until(&done);
            }
        });
        f();
    });
}

#[cfg(test)]
mod tests {
    use super::{join, run};
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        thread,
        time::Duration,
    };

    fn pool(threads: usize) -> rayon::ThreadPool {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("some threads")
    }

    /// Counts to 2^depth, both halves at once.
    fn count(depth: usize, counted: &AtomicUsize) {
        if depth == 0 {
            counted.fetch_add(1, Ordering::Relaxed);
            return;
        }
        join(&mut || count(depth - 1, counted), &mut || {
            count(depth - 1, counted);
        });
    }

    #[test]
    fn everything_runs_once_on_any_number_of_threads() {
        for threads in 1..5 {
            let counted = AtomicUsize::new(0);
            pool(threads).install(|| {
                run(&mut || {
                    for _ in 0..100 {
                        count(5, &counted);
                    }
                });
            });
            assert_eq!(counted.into_inner(), 3200);
        }
    }

    #[test]
    fn work_is_found_after_a_nap() {
        let counted = AtomicUsize::new(0);
        pool(2).install(|| {
            run(&mut || {
                for _ in 0..3 {
                    thread::sleep(Duration::from_millis(5));
                    count(1, &counted);
                }
            });
        });
        assert_eq!(counted.into_inner(), 6);
    }

    #[test]
    fn a_panic_ends_all_waiting() {
        let pool = pool(2);
        for panics in 0..3 {
            let broken = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| {
                    run(&mut || {
                        join(&mut || assert_ne!(panics, 0), &mut || assert_ne!(panics, 1));
                        assert_ne!(panics, 2);
                    });
                });
            }));
            assert!(broken.is_err(), "{panics}");
        }
    }
}

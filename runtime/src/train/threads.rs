//! Threads: rayon's, in a pool of our own, and none at all where one is enough and its stack has room.

use crate::{
    data::Dataset,
    error::{Result, setting::check_count},
};
#[cfg(feature = "parallel")]
use crate::{
    error::{Error, Found},
    step::awake,
};

/// More threads than this are started only where the machine runs as many at once: a thousand on two cores spend minutes
/// on waking each other. Results do not depend on it.
#[cfg(feature = "parallel")]
const WORTH_STARTING: usize = 64;

/// Stack of a thread. Nothing of ours that grows with a model or its samples stands on it.
const STACK_BYTES: usize = 2 << 20;

/// What a dataset that gives samples by value may take of a stack, beside [`STACK_BYTES`], in samples: it makes one, and
/// moves it some times where the build is not optimized.
const COPIES: usize = 16;

/// What the samples take of a stack.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "parallel"),
    allow(dead_code, reason = "no thread is started")
)]
pub struct Stack {
    bytes: usize,
    /// Whether a lone thread is one of our own, too.
    alone: bool,
}

impl Stack {
    /// For samples that stay where they are.
    pub const LENT: Self = Self {
        bytes: 0,
        alone: false,
    };

    /// For samples as a dataset gives them: references and boxes take nothing, and what comes by value takes its size. Large
    /// ones might not fit on the caller's stack either.
    pub fn of<D: Dataset>() -> Self {
        let sample = returned(D::sample).max(returned_in(D::sample_in));
        let bytes = sample.saturating_mul(COPIES);
        Self {
            bytes,
            alone: bytes > STACK_BYTES,
        }
    }

    /// For the samples of two datasets.
    pub fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.max(other.bytes),
            alone: self.alone || other.alone,
        }
    }
}

/// Bytes of what a dataset's method gives.
fn returned<'a, D: 'a, R>(_: impl Fn(&'a D, usize) -> R) -> usize {
    size_of::<R>()
}

/// The same of one that is told the epoch.
fn returned_in<'a, D: 'a, R>(_: impl Fn(&'a D, u64, usize) -> R) -> usize {
    size_of::<R>()
}

/// A number of threads to work on.
pub struct Threads {
    count: usize,
    #[cfg(feature = "parallel")]
    pool: Option<rayon::ThreadPool>,
}

impl Threads {
    /// Starts `count` threads, or as many as are of use: no more than `worth` says of the number it is given. Each has room
    /// on its stack for the samples. One is the caller's own.
    pub fn new(count: usize, stack: Stack, worth: impl FnOnce(usize) -> usize) -> Result<Self> {
        check_count("threads", count as u64, "at least 1, such as 4")?;
        #[cfg(feature = "parallel")]
        {
            let most = count.min(Self::available().max(WORTH_STARTING));
            Self::start(worth(most).min(most), stack)
        }
        #[cfg(not(feature = "parallel"))]
        {
            let _ = (stack, worth);
            Ok(Self { count: 1 })
        }
    }

    /// Starts `count` threads; none for one, if the caller's stack has room.
    #[cfg(feature = "parallel")]
    fn start(count: usize, stack: Stack) -> Result<Self> {
        // Beyond a quarter of the address space there is no stack, and the system's rounding should not overflow.
        let bytes = STACK_BYTES.saturating_add(stack.bytes).min(usize::MAX / 4);
        let build = || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(count);
            pool.stack_size(bytes).build()
        };
        let pool = (count > 1 || stack.alone).then(build).transpose();
        let pool = pool.map_err(|error| Error::Setting {
            setting: "threads",
            found: Found::Text(alloc::format!("{count} ({error})")),
            expected: "a number of threads that the system grants",
        })?;
        Ok(Self { count, pool })
    }

    /// As many as the machine runs at once.
    pub fn available() -> usize {
        if cfg!(feature = "parallel") {
            std::thread::available_parallelism().map_or(1, usize::from)
        } else {
            1
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Runs `f` where [`join`](crate::step::share::join) finds the threads. A loop belongs inside as a whole: entering costs
    /// an allocation.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        let (mut f, mut result) = (Some(f), None);
        self.enter(&mut || result = f.take().map(|f| f()));
        match result {
            Some(result) => result,
            None => unreachable!("what is installed runs"),
        }
    }

    /// [`install`](Self::install) for an object: the pool's own code is compiled here, not in every user's crate, and what
    /// stands on the pool's stacks is no part of the caller's frame.
    #[inline(never)]
    fn enter(&self, f: &mut (dyn FnMut() + Send)) {
        #[cfg(feature = "parallel")]
        if let Some(pool) = &self.pool {
            return pool.install(|| awake::run(f));
        }
        f();
    }
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use super::{Stack, Threads};
    use crate::{
        data::{Dataset, Samples},
        error::Result,
    };
    use core::borrow::Borrow;

    type Large = [u8; 4 << 20];

    /// Gives samples that no usual stack holds.
    struct ByValue;

    impl Dataset for ByValue {
        type Input = Large;
        type Target = u8;

        fn len(&self) -> usize {
            1
        }

        #[inline(never)]
        fn sample(&self, _: usize) -> Result<(impl Borrow<Large>, impl Borrow<u8>)> {
            Ok((core::hint::black_box([3; 4 << 20]), 3))
        }
    }

    #[test]
    fn none_are_started_for_one_part() {
        for (asked, worth, started) in [(8, 1, 1), (8, 3, 3), (2, 3, 2), (1, 3, 1)] {
            let found = Threads::new(asked, Stack::LENT, |_| worth);
            let found = found.map(|threads| (threads.count(), threads.pool.is_some()));
            assert_eq!(found.ok(), Some((started, started > 1)));
        }
        assert!(Threads::new(0, Stack::LENT, |_| 1).is_err());
    }

    #[test]
    fn a_lone_thread_is_the_callers_if_samples_are_small_or_lent() {
        let lent = Stack::of::<Samples<Large, Large>>();
        for (stack, alone) in [
            (Stack::of::<ByValue>(), true),
            (Stack::of::<&ByValue>(), true),
            (lent, false),
            (lent.and(Stack::of::<ByValue>()), true),
            (Stack::LENT, false),
        ] {
            let found = Threads::new(1, stack, |most| most);
            let found = found.map(|threads| (threads.count(), threads.pool.is_some()));
            assert_eq!(found.ok(), Some((1, alone)));
        }
    }

    /// The last number of the only sample, in a frame of its own.
    #[inline(never)]
    fn last() -> Option<u8> {
        match ByValue.sample(0) {
            Ok((ref input, _)) => Borrow::<Large>::borrow(input).last().copied(),
            Err(_) => None,
        }
    }

    /// A stack of two megabytes would end the process.
    #[test]
    fn large_samples_have_room_on_the_stack() {
        for count in [1, 2] {
            let threads = Threads::new(count, Stack::of::<ByValue>(), |most| most);
            let last = threads.map(|threads| threads.install(last));
            assert_eq!(last.ok(), Some(Some(3)));
        }
    }
}

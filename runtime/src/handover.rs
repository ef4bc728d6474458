//! Networks that are handed from a thread that trains to threads that answer.
//!
//! There are three networks for each reader: the reader's own, the publisher's spare, and one between them. The
//! publisher copies weights into its spare and exchanges it for the network between. The reader exchanges its own for
//! the network between if that is newer. So the network of a reader is always complete and belongs to nobody else, and
//! a network that was read returns to the publisher, which overwrites it.
//!
//! ```text
//! publisher            between             reader
//! spare: 3  <-- swap -->  2                  1        publish: 3 stands between, 2 becomes the spare
//! spare: 2                3   <-- swap -->   1        latest:  3 is read, 1 comes back by the next publish
//! ```
//!
//! An exchange swaps two pointers. It happens under a mutex for which neither side blocks: a reader that finds it
//! locked keeps its network, and a publisher tries again.

use crate::{block::Block, model::Model, network::Network};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    fmt,
    hint::spin_loop,
    mem,
    sync::atomic::{AtomicBool, Ordering},
};
use std::{
    sync::{Mutex, MutexGuard, TryLockError},
    thread,
};

/// Publishes weights to any number of [`Reader`]s, which answer in other threads while the network trains.
///
/// ```
/// use kiln::{Publisher, prelude::*};
/// use std::thread;
///
/// model! {
///     struct Line(x: [1]) -> [1] { Dense(1) }
/// }
///
/// let (inputs, targets) = ([[0.0], [1.0]], [[1.0], [3.0]]);
/// let mut net = Line::new(Seed(1));
/// let mut publisher = Publisher::new();
/// let mut reader = publisher.reader(&net);
///
/// let answers = thread::spawn(move || {
///     let mut answer = [0.0];
///     while (answer[0] - 2.0_f32).abs() > 0.01 {
///         // The newest whole network. Neither this nor `forward` waits, allocates or frees anything.
///         answer = reader.latest().forward(&[0.5]);
///     }
///     reader.number()
/// });
///
/// let mut training = Training::new(&net, 2)?;
/// let mut descent = Descent::new(&net, Sgd::new(0.2))?;
/// while !answers.is_finished() {
///     training.backward(&net, &inputs, &targets, &Mse)?;
///     descent.apply(&mut net, training.gradients())?;
///     publisher.publish(&net);
/// }
/// assert!(answers.join().is_ok_and(|number| number > 1));
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// A publisher is also a [`Callback`](crate::train::Callback), which publishes the weights after each epoch of a fit:
/// `trainer.callback(publisher)`.
///
/// A publication copies the weights once for each reader, outside of the lock, and swaps two pointers. Each reader
/// takes the memory of three networks.
pub struct Publisher<N> {
    outlets: Vec<Outlet<N>>,
    published: u64,
    /// Steps of a fit between publications, besides the ends of epochs.
    pub(crate) steps: Option<u64>,
}

/// A reader, as the publisher sees it.
struct Outlet<N> {
    /// The network that the next weights are copied into.
    spare: N,
    exchange: Arc<Exchange<N>>,
}

/// What a publisher and a reader have in common.
struct Exchange<N> {
    /// Whether the network between was not read yet. Changed under the lock alone, so that a reader which sees nothing
    /// new does not touch the lock.
    is_new: AtomicBool,
    between: Mutex<Between<N>>,
}

/// A network that waits, and the number of its publication.
struct Between<N> {
    net: N,
    number: u64,
}

impl<N> Exchange<N> {
    /// The network between, unless the other side is at it.
    fn try_between(&self) -> Option<MutexGuard<'_, Between<N>>> {
        match self.between.try_lock() {
            Ok(between) => Some(between),
            // Under the lock nothing panics.
            Err(TryLockError::Poisoned(between)) => Some(between.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The network between, as soon as the reader has left it: after two instructions, or when it runs again. The
    /// publisher does not wait in the system, since a reader would have to wake it.
    fn between(&self) -> MutexGuard<'_, Between<N>> {
        let mut tries = 0_u32;
        loop {
            if let Some(between) = self.try_between() {
                return between;
            }
            tries = tries.saturating_add(1);
            match tries {
                ..100 => spin_loop(),
                _ => thread::yield_now(),
            }
        }
    }
}

impl<N> Default for Publisher<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N> Publisher<N> {
    /// A publisher without readers.
    pub fn new() -> Self {
        Self {
            outlets: Vec::new(),
            published: 0,
            steps: None,
        }
    }

    /// As a callback, publishes after every `steps` steps as well as after each epoch; 0 turns this off.
    pub fn every_steps(mut self, steps: u64) -> Self {
        self.steps = (steps > 0).then_some(steps);
        self
    }

    /// The number of publications so far.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// The number of readers that have not been dropped.
    pub fn readers(&self) -> usize {
        let there = self.outlets.iter().filter(|outlet| outlet.is_read());
        there.count()
    }
}

impl<N> Outlet<N> {
    /// `false` once the reader was dropped.
    fn is_read(&self) -> bool {
        Arc::strong_count(&self.exchange) > 1
    }
}

/// A copy that owns its weights, also of a network that reads them from the program: to publish allocates nothing.
fn owned<N: Model>(net: &N) -> N {
    let blocks: Box<[Block]> = N::Network::arena(net).into();
    N::Network::from_arena(blocks.into())
}

impl<N: Model> Publisher<N> {
    /// Adds a reader, which answers with the weights of `net` until others are published.
    pub fn reader(&mut self, net: &N) -> Reader<N> {
        let between = Between {
            net: owned(net),
            number: self.published,
        };
        let exchange = Arc::new(Exchange {
            is_new: AtomicBool::new(false),
            between: Mutex::new(between),
        });
        // Some systems allocate for a mutex when it is taken first.
        drop(exchange.between());
        self.outlets.push(Outlet {
            spare: owned(net),
            exchange: Arc::clone(&exchange),
        });
        Reader {
            net: owned(net),
            number: self.published,
            exchange,
        }
    }

    /// Publishes the weights of a network. Each reader has them from its next [`latest`](Reader::latest) on, and skips
    /// publications that it has not read.
    pub fn publish(&mut self, net: &N) {
        self.publish_arena(N::Network::arena(net));
    }

    /// Publishes weights that are those of a network of this kind.
    pub(crate) fn publish_arena(&mut self, arena: &[Block]) {
        self.published += 1;
        self.outlets.retain(Outlet::is_read);
        for Outlet { spare, exchange } in &mut self.outlets {
            // It owns its arena, and so there is no error.
            if let Ok(own) = N::Network::arena_mut(spare).own() {
                own.copy_from_slice(arena);
            }
            let mut between = exchange.between();
            mem::swap(&mut between.net, spare);
            between.number = self.published;
            exchange.is_new.store(true, Ordering::Relaxed);
        }
    }
}

/// Answers with the newest network of a [`Publisher`].
///
/// Its methods do not wait, allocate, free memory or call the system, so an audio thread may use them: a replaced
/// network returns to the publisher. `forward` works on the stack, or in memory that a thread allocates for its first
/// answer; a [`Workspace`](crate::inference::Workspace) is allocated in advance.
///
/// A reader keeps its last network when the publisher is dropped. Memory that both share is freed with the later of
/// them.
pub struct Reader<N> {
    net: N,
    number: u64,
    exchange: Arc<Exchange<N>>,
}

impl<N> Reader<N> {
    /// Takes the newest network and returns it. It does not change while it is borrowed, whatever is published
    /// meanwhile.
    ///
    /// If the publisher is exchanging its network at this moment, which is rare, this is the previous network.
    pub fn latest(&mut self) -> &N {
        self.update();
        &self.net
    }

    /// Takes the newest network; `true` if it is not the previous one.
    pub fn update(&mut self) -> bool {
        // What the flag stands for is read under the lock.
        if !self.exchange.is_new.load(Ordering::Relaxed) {
            return false;
        }
        let Some(mut between) = self.exchange.try_between() else {
            return false;
        };
        mem::swap(&mut between.net, &mut self.net);
        mem::swap(&mut between.number, &mut self.number);
        self.exchange.is_new.store(false, Ordering::Relaxed);
        true
    }

    /// The current network, without taking a newer one.
    pub fn network(&self) -> &N {
        &self.net
    }

    /// The number of the publication of the current network, counted from 1; 0 before the first.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// `true` if the publisher was dropped: after the next [`latest`](Self::latest), nothing newer will come.
    pub fn is_last(&self) -> bool {
        Arc::strong_count(&self.exchange) == 1
    }
}

impl<N> fmt::Debug for Publisher<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Publisher");
        debug.field("published", &self.published);
        debug.field("readers", &self.readers()).finish()
    }
}

impl<N> fmt::Debug for Reader<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Reader");
        debug.field("number", &self.number).finish_non_exhaustive()
    }
}

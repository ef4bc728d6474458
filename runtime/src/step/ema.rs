//! An exponential moving average of weights (Polyak and Juditsky 1992).

use crate::{
    block::Block,
    error::{Result, setting::check_range},
    math::flush,
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
};
use fearless_simd::{f32x16, prelude::*};

/// An exponential moving average of a network's weights, which often does better than the weights themselves:
/// `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn(decay)`. It follows the network after every step, and is a network
/// itself.
///
/// ```
/// use kiln::{Ema, prelude::*};
///
/// model! {
///     struct Line(x: [1]) -> [1] { Dense(1) }
/// }
///
/// let mut net = Line::new(Seed(1));
/// let mut training = Training::new(&net, 1)?;
/// let mut descent = Descent::new(&net, Sgd::new(0.1))?;
/// let mut ema = Ema::new(&net, 0.99)?;
/// for _ in 0..100 {
///     training.backward(&net, &[[2.0]], &[[1.0]], &Mse)?;
///     descent.apply(&mut net, training.gradients())?;
///     ema.follow(&net);
/// }
/// println!("{:?}", ema.network().forward(&[2.0]));
/// # Ok::<(), kiln::Error>(())
/// ```
#[derive(Clone)]
pub struct Ema<N> {
    average: N,
    decay: f64,
    followed: u64,
}

impl<N: Model> Ema<N> {
    /// An average that keeps `decay` of itself in every step, such as 0.999. Until it follows, it is what `net` is.
    ///
    /// # Errors
    ///
    /// [`Setting`](crate::error::Error::Setting) if `decay` is not at least 0 and below 1.
    pub fn new(net: &N, decay: f64) -> Result<Self> {
        let expected = "at least 0 and below 1, such as 0.999";
        check_range("decay", decay, 0.0..1.0, expected)?;
        Ok(Self {
            average: net.clone(),
            decay,
            followed: 0,
        })
    }

    /// Moves the average towards the weights of `net`, which are taken over whole the first time. What is not learnt, as
    /// the statistics of `BatchNorm`, is taken over every time.
    pub fn follow(&mut self, net: &N) {
        let learnt = N::Network::LEARNT_BLOCKS;
        let (weights, others) = N::Network::arena(net).split_at(learnt);
        let arena = N::Network::arena_mut(&mut self.average);
        let (average, statistics) = arena.split_at_mut(learnt);
        statistics.copy_from_slice(others);
        if self.followed == 0 {
            average.copy_from_slice(weights);
        } else {
            let share = (1.0 - self.decay) as f32;
            let follow = Follow {
                average,
                weights,
                share,
            };
            simd::dispatch(simd::level(), follow);
        }
        self.followed = self.followed.saturating_add(1);
    }

    /// The network of averaged weights.
    pub fn network(&self) -> &N {
        &self.average
    }

    /// The network of averaged weights, and no average any more.
    pub fn into_network(self) -> N {
        self.average
    }
}

/// `average <- average + share (weight - average)`.
struct Follow<'a> {
    average: &'a mut [Block],
    weights: &'a [Block],
    share: f32,
}

impl Task for Follow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let share = f32x16::splat(s, self.share);
        for (average, weight) in self.average.iter_mut().zip(self.weights) {
            let a = average.load(s);
            average.store(flush(s, (weight.load(s) - a).mul_add(share, a)));
        }
    }
}

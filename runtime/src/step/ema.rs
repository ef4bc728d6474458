//! An exponential moving average of weights (Polyak and Juditsky 1992).

use crate::{
    block::Block,
    error::{Result, setting::check_range},
    model::Model,
    network::Network,
    parameters::blend,
};

/// An exponential moving average of a network's weights, which often does better than the weights themselves:
/// `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn(decay)`. Update it after every step.
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
    /// An average that keeps a share of `decay` of itself in every step, such as 0.999. It begins as a copy of `net`.
    ///
    /// # Errors
    ///
    /// [`Setting`](crate::error::Error::Setting) if `decay` is not at least 0 and below 1,
    /// [`Memory`](crate::error::Error::Memory) if there is none for the weights of a network that is compiled with its own.
    pub fn new(net: &N, decay: f64) -> Result<Self> {
        check_decay("decay", decay)?;
        let mut average = net.clone();
        // So that to follow allocates nothing and cannot fail.
        N::Network::arena_mut(&mut average).own()?;
        Ok(Self {
            average,
            decay,
            followed: 0,
        })
    }

    /// Moves the average towards the weights of `net`. The first call copies them. What is not learnt, such as the
    /// statistics of `BatchNorm`, is copied in every call.
    pub fn follow(&mut self, net: &N) {
        let Ok(average) = N::Network::arena_mut(&mut self.average).own() else {
            return;
        };
        let (arena, learnt) = (N::Network::arena(net), N::Network::LEARNT_BLOCKS);
        follow(average, arena, learnt, (self.followed, self.decay));
        self.followed = self.followed.saturating_add(1);
    }

    /// The averaged network.
    pub fn network(&self) -> &N {
        &self.average
    }

    /// The averaged network, by value.
    pub fn into_network(self) -> N {
        self.average
    }
}

/// Refuses what an average cannot keep of itself.
pub fn check_decay(setting: &'static str, decay: f64) -> Result<()> {
    let expected = "at least 0 and below 1, such as 0.999";
    check_range(setting, decay, 0.0..1.0, expected)
}

/// Moves an average towards an arena of which so many blocks are learnt, after it `followed` some others: it is taken
/// over whole the first time, and what is not learnt every time.
pub fn follow(
    average: &mut [Block],
    arena: &[Block],
    learnt: usize,
    (followed, decay): (u64, f64),
) {
    let ((weights, others), (average, statistics)) =
        (arena.split_at(learnt), average.split_at_mut(learnt));
    statistics.copy_from_slice(others);
    match followed {
        0 => average.copy_from_slice(weights),
        _ => blend(average, weights, 1.0 - decay),
    }
}

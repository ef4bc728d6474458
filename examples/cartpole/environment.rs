//! A pole on a cart that a push to the left or to the right keeps upright (Barto, Sutton and Anderson 1983), with the
//! constants of Gymnasium's `CartPole-v1`.

use kiln::Draw;

/// Position of the cart in metres and its speed, angle of the pole in radians and its angular speed.
pub type State = [f32; 4];

/// Pushes: 0 to the left, 1 to the right.
pub const ACTIONS: usize = 2;

/// Steps of an episode at most. Each gives a reward of 1, so that this is the best return, too.
pub const LIMIT: usize = 500;

/// The cart's way ends at this distance from the middle, in metres.
pub const EDGE: f64 = 2.4;

/// From its middle to its end, in metres.
pub const HALF_POLE: f64 = 0.5;

const GRAVITY: f64 = 9.8;
const CART: f64 = 1.0; // kg
const POLE: f64 = 0.1; // kg
const FORCE: f64 = 10.0; // N
const SECONDS: f64 = 0.02; // of a step
const FALLEN: f64 = 12.0 * std::f64::consts::PI / 180.0;

/// What a step has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The pole stands.
    Stands,
    /// The pole fell, or the cart ran off its way: there is no more reward.
    Fell,
    /// The episode is as long as it may be, though the pole would stand on.
    Limit,
}

/// An episode.
#[derive(Clone, Debug)]
pub struct CartPole {
    state: [f64; 4],
    steps: usize,
}

impl CartPole {
    /// Begins an episode near the middle, almost at rest.
    pub fn new(draw: Draw) -> Self {
        let state = std::array::from_fn(|i| 0.1 * draw.uniform(i as u64) - 0.05);
        Self { state, steps: 0 }
    }

    /// What is seen of it.
    pub fn state(&self) -> State {
        self.state.map(|number| number as f32)
    }

    /// Steps so far, which are the return, too.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Pushes the cart for a step, by Euler's method.
    pub fn step(&mut self, action: usize) -> Outcome {
        let [x, speed, angle, turning] = self.state;
        let force = if action == 1 { FORCE } else { -FORCE };
        let (sin, cos) = angle.sin_cos();
        let mass = CART + POLE;
        let push = (force + POLE * HALF_POLE * turning * turning * sin) / mass;
        let turn =
            (GRAVITY * sin - cos * push) / (HALF_POLE * (4.0 / 3.0 - POLE * cos * cos / mass));
        let acceleration = push - POLE * HALF_POLE * turn * cos / mass;
        self.state = [
            x + SECONDS * speed,
            speed + SECONDS * acceleration,
            angle + SECONDS * turning,
            turning + SECONDS * turn,
        ];
        self.steps += 1;
        let [x, _, angle, _] = self.state;
        if x.abs() > EDGE || angle.abs() > FALLEN {
            Outcome::Fell
        } else if self.steps >= LIMIT {
            Outcome::Limit
        } else {
            Outcome::Stands
        }
    }
}

/// The mean return of `episodes` episodes that a policy plays, each from another beginning.
pub fn mean_return(seed: u64, episodes: usize, mut policy: impl FnMut(&State) -> usize) -> f64 {
    let mut steps = 0;
    for episode in 0..episodes {
        let mut cart = CartPole::new(Draw::new(seed, 0, episode));
        while cart.step(policy(&cart.state())) == Outcome::Stands {}
        steps += cart.steps();
    }
    steps as f64 / episodes as f64
}

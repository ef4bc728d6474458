//! The architectures that a file may have, and the one that it has.

use kiln::{Causal, DynStream, Model, OwnedStream, prelude::*};
use std::{fmt, path::Path, str::FromStr};

model! {
    /// A frame is a sample of the sound and the positions of two knobs, of which the network reads the first `INPUTS`. It
    /// learns what is added to the sound.
    #[kiln(stream)]
    pub struct OfLstm<const UNITS: usize, const INPUTS: usize>(frame: [2048, 3]) -> [2048, 1] {
        lstm: Lstm(UNITS),
        fc: Dense(1),
        forward { fc(lstm(frame[(.., 0..INPUTS)])) + frame[(.., 0..1)] }
    }
    /// The same with a gated recurrent unit.
    #[kiln(stream)]
    pub struct OfGru<const UNITS: usize, const INPUTS: usize>(frame: [2048, 3]) -> [2048, 1] {
        gru: Gru(UNITS),
        fc: Dense(1),
        forward { fc(gru(frame[(.., 0..INPUTS)])) + frame[(.., 0..1)] }
    }

    pub type Lstm8x1 = OfLstm<8, 1>;
    pub type Lstm8x2 = OfLstm<8, 2>;
    pub type Lstm8x3 = OfLstm<8, 3>;
    pub type Lstm12x1 = OfLstm<12, 1>;
    pub type Lstm12x2 = OfLstm<12, 2>;
    pub type Lstm12x3 = OfLstm<12, 3>;
    pub type Lstm16x1 = OfLstm<16, 1>;
    pub type Lstm16x2 = OfLstm<16, 2>;
    pub type Lstm16x3 = OfLstm<16, 3>;
    pub type Lstm20x1 = OfLstm<20, 1>;
    pub type Lstm20x2 = OfLstm<20, 2>;
    pub type Lstm20x3 = OfLstm<20, 3>;
    pub type Lstm24x1 = OfLstm<24, 1>;
    pub type Lstm24x2 = OfLstm<24, 2>;
    pub type Lstm24x3 = OfLstm<24, 3>;
    pub type Lstm32x1 = OfLstm<32, 1>;
    pub type Lstm32x2 = OfLstm<32, 2>;
    pub type Lstm32x3 = OfLstm<32, 3>;
    pub type Lstm40x1 = OfLstm<40, 1>;
    pub type Lstm40x2 = OfLstm<40, 2>;
    pub type Lstm40x3 = OfLstm<40, 3>;
    pub type Lstm80x1 = OfLstm<80, 1>;
    pub type Lstm80x2 = OfLstm<80, 2>;
    pub type Lstm80x3 = OfLstm<80, 3>;
    pub type Gru8x1 = OfGru<8, 1>;
    pub type Gru8x2 = OfGru<8, 2>;
    pub type Gru8x3 = OfGru<8, 3>;
    pub type Gru12x1 = OfGru<12, 1>;
    pub type Gru12x2 = OfGru<12, 2>;
    pub type Gru12x3 = OfGru<12, 3>;
    pub type Gru16x1 = OfGru<16, 1>;
    pub type Gru16x2 = OfGru<16, 2>;
    pub type Gru16x3 = OfGru<16, 3>;
    pub type Gru20x1 = OfGru<20, 1>;
    pub type Gru20x2 = OfGru<20, 2>;
    pub type Gru20x3 = OfGru<20, 3>;
    pub type Gru24x1 = OfGru<24, 1>;
    pub type Gru24x2 = OfGru<24, 2>;
    pub type Gru24x3 = OfGru<24, 3>;
    pub type Gru32x1 = OfGru<32, 1>;
    pub type Gru32x2 = OfGru<32, 2>;
    pub type Gru32x3 = OfGru<32, 3>;
    pub type Gru40x1 = OfGru<40, 1>;
    pub type Gru40x2 = OfGru<40, 2>;
    pub type Gru40x3 = OfGru<40, 3>;
    pub type Gru80x1 = OfGru<80, 1>;
    pub type Gru80x2 = OfGru<80, 2>;
    pub type Gru80x3 = OfGru<80, 3>;
}

/// A stream of any of these networks.
pub type Player = Box<dyn DynStream<[f32; 3], [f32; 1]>>;

/// What a recurrence is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Long short-term memory.
    Lstm,
    /// A gated recurrent unit.
    Gru,
}

/// What a network is made of: its recurrence, units and inputs. As text `lstm-40-1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub kind: Kind,
    pub units: usize,
    pub inputs: usize,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no architecture, such as `lstm-40-1`");
        let mut parts = text.split('-');
        let kind = match parts.next() {
            Some("lstm") => Kind::Lstm,
            Some("gru") => Kind::Gru,
            _ => return Err(wrong()),
        };
        let mut number = || parts.next()?.parse().ok();
        let shape = number().zip(number()).map(|(units, inputs)| Self {
            kind,
            units,
            inputs,
        });
        shape.ok_or_else(wrong)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Lstm => "lstm",
            Kind::Gru => "gru",
        };
        write!(f, "{kind}-{}-{}", self.units, self.inputs)
    }
}

/// A network with the weights of a file, or with fresh ones, at the beginning of a sound.
fn open<M>(weights: Option<&Path>) -> kiln::Result<Player>
where
    M: Model + Causal<InputFrame = [f32; 3], OutputFrame = [f32; 1]>,
{
    let net = match weights {
        Some(path) => M::open(path)?,
        None => M::try_new(Seed(1))?,
    };
    Ok(Box::new(OwnedStream::new(net)))
}

/// The player of an architecture.
pub fn player(shape: Shape, weights: Option<&Path>) -> Result<Player, Box<dyn std::error::Error>> {
    let player = match (shape.kind, shape.units, shape.inputs) {
        (Kind::Lstm, 8, 1) => open::<Lstm8x1>(weights),
        (Kind::Lstm, 8, 2) => open::<Lstm8x2>(weights),
        (Kind::Lstm, 8, 3) => open::<Lstm8x3>(weights),
        (Kind::Lstm, 12, 1) => open::<Lstm12x1>(weights),
        (Kind::Lstm, 12, 2) => open::<Lstm12x2>(weights),
        (Kind::Lstm, 12, 3) => open::<Lstm12x3>(weights),
        (Kind::Lstm, 16, 1) => open::<Lstm16x1>(weights),
        (Kind::Lstm, 16, 2) => open::<Lstm16x2>(weights),
        (Kind::Lstm, 16, 3) => open::<Lstm16x3>(weights),
        (Kind::Lstm, 20, 1) => open::<Lstm20x1>(weights),
        (Kind::Lstm, 20, 2) => open::<Lstm20x2>(weights),
        (Kind::Lstm, 20, 3) => open::<Lstm20x3>(weights),
        (Kind::Lstm, 24, 1) => open::<Lstm24x1>(weights),
        (Kind::Lstm, 24, 2) => open::<Lstm24x2>(weights),
        (Kind::Lstm, 24, 3) => open::<Lstm24x3>(weights),
        (Kind::Lstm, 32, 1) => open::<Lstm32x1>(weights),
        (Kind::Lstm, 32, 2) => open::<Lstm32x2>(weights),
        (Kind::Lstm, 32, 3) => open::<Lstm32x3>(weights),
        (Kind::Lstm, 40, 1) => open::<Lstm40x1>(weights),
        (Kind::Lstm, 40, 2) => open::<Lstm40x2>(weights),
        (Kind::Lstm, 40, 3) => open::<Lstm40x3>(weights),
        (Kind::Lstm, 80, 1) => open::<Lstm80x1>(weights),
        (Kind::Lstm, 80, 2) => open::<Lstm80x2>(weights),
        (Kind::Lstm, 80, 3) => open::<Lstm80x3>(weights),
        (Kind::Gru, 8, 1) => open::<Gru8x1>(weights),
        (Kind::Gru, 8, 2) => open::<Gru8x2>(weights),
        (Kind::Gru, 8, 3) => open::<Gru8x3>(weights),
        (Kind::Gru, 12, 1) => open::<Gru12x1>(weights),
        (Kind::Gru, 12, 2) => open::<Gru12x2>(weights),
        (Kind::Gru, 12, 3) => open::<Gru12x3>(weights),
        (Kind::Gru, 16, 1) => open::<Gru16x1>(weights),
        (Kind::Gru, 16, 2) => open::<Gru16x2>(weights),
        (Kind::Gru, 16, 3) => open::<Gru16x3>(weights),
        (Kind::Gru, 20, 1) => open::<Gru20x1>(weights),
        (Kind::Gru, 20, 2) => open::<Gru20x2>(weights),
        (Kind::Gru, 20, 3) => open::<Gru20x3>(weights),
        (Kind::Gru, 24, 1) => open::<Gru24x1>(weights),
        (Kind::Gru, 24, 2) => open::<Gru24x2>(weights),
        (Kind::Gru, 24, 3) => open::<Gru24x3>(weights),
        (Kind::Gru, 32, 1) => open::<Gru32x1>(weights),
        (Kind::Gru, 32, 2) => open::<Gru32x2>(weights),
        (Kind::Gru, 32, 3) => open::<Gru32x3>(weights),
        (Kind::Gru, 40, 1) => open::<Gru40x1>(weights),
        (Kind::Gru, 40, 2) => open::<Gru40x2>(weights),
        (Kind::Gru, 40, 3) => open::<Gru40x3>(weights),
        (Kind::Gru, 80, 1) => open::<Gru80x1>(weights),
        (Kind::Gru, 80, 2) => open::<Gru80x2>(weights),
        (Kind::Gru, 80, 3) => open::<Gru80x3>(weights),
        _ => {
            return Err(
                format!("there is no {shape}: units are 8 to 80, and inputs 1 to 3").into(),
            );
        }
    };
    Ok(player?)
}

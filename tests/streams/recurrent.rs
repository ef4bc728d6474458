//! Recurrences: their cells, and the states that they begin with.

use super::{agrees, number, on_every_set, plays, sequence};
use kiln::{Causal, prelude::*};

model! {
    #[kiln(stream)]
    pub struct Amp(x: [150, 1]) -> [150, 1] { Lstm(40), Dense(1) }

    #[kiln(stream)]
    pub struct Narrow(x: [150, 3]) -> [150, 2] { Lstm(8), Dense(2), Tanh }

    #[kiln(stream)]
    pub struct Stacked(x: [150, 20]) -> [150, 5] {
        Dense(24), Relu, Lstm(33, layers = 2), Dropout(0.5), LeakyRelu(0.1), Dense(20), Gelu, Dense(5), Sigmoid,
    }

    #[kiln(stream)]
    pub struct Wide(x: [70, 64]) -> [70, 70] { Lstm(64), Lstm(80, bias = false), Lstm(16), Dense(70, bias = false) }
}

model! {
    #[kiln(stream)]
    struct Gated(x: [90, 5]) -> [90, 3] {
        Gru(8), Gru(40, layers = 2, dropout = 0.5), Gru(64, bias = false), Gru(100), Dense(3),
    }

    #[kiln(stream)]
    struct ResetBefore(x: [90, 5]) -> [90, 33] { Gru(20, reset_after = false), Gru(33, reset_after = false, bias = false) }

    #[kiln(stream)]
    struct Plain(x: [90, 5]) -> [90, 70] {
        Rnn(7), Rnn(64, nonlinearity = Relu), Rnn(90, layers = 2, bias = false), Rnn(70),
    }
}

#[test]
fn every_cell_gives_the_bits_of_whole_sequences() {
    on_every_set(|set| {
        agrees::<Gated, 90, 5, 3>(&Gated::new(Seed(1)), set);
        agrees::<ResetBefore, 90, 5, 33>(&ResetBefore::new(Seed(2)), set);
        agrees::<Plain, 90, 5, 70>(&Plain::new(Seed(3)), set);
    });
}

/// A token is a frame by itself.
#[test]
fn tokens_come_one_by_one() {
    model! {
        #[kiln(stream)]
        struct Writer(text: u32[50]) -> [50, 20] { Embedding(20, 6), Gru(9), Dense(20) }
    }
    on_every_set(|set| {
        let net = Writer::new(Seed(4));
        let text: [u32; 50] = std::array::from_fn(|i| (i * 7 % 20) as u32);
        let whole = net.forward(&text);
        plays(&net, &text, &whole, &format!("tokens on {set:?}"));
    });
}

#[test]
fn recurrences_give_the_bits_of_whole_sequences() {
    on_every_set(|set| {
        agrees::<Amp, 150, 1, 1>(&Amp::new(Seed(1)), set);
        agrees::<Narrow, 150, 3, 2>(&Narrow::new(Seed(2)), set);
        agrees::<Stacked, 150, 20, 5>(&Stacked::new(Seed(3)), set);
        agrees::<Wide, 70, 64, 70>(&Wide::new(Seed(4)), set);
    });
}

model! {
    #[kiln(stream)]
    struct Learnt(x: [60, 3]) -> [60, 9] {
        lstm: Lstm(18, layers = 2, initial_state = Learnt),
        gru: Gru(9, reset_after = false, initial_state = Learnt),
    }

    #[kiln(stream)]
    struct Given(x: [60, 3], h: [2, 20], c: [2, 20], g: [7]) -> [60, 7] {
        lstm: Lstm(20, layers = 2), gru: Gru(7),
        forward {
            let (y, _) = gru(lstm(x, h, c), g);
            y
        }
    }
}

/// A recurrence that begins otherwise than with zeros does so in a stream, too, and again after a reset.
#[test]
fn a_stream_begins_with_the_states_of_the_declaration() {
    let mut net = Learnt::new(Seed(4));
    let names: Vec<String> = net
        .parameters()
        .names()
        .map(|(name, _)| name.to_string())
        .collect();
    let states = names
        .iter()
        .filter(|name| name.contains("h0") || name.contains("c0"));
    for (salt, name) in states.enumerate() {
        let stored = net.parameters().get(name).expect(name);
        let state: Vec<f32> = (0..stored.len())
            .map(|unit| number(unit + 5 * salt))
            .collect();
        net.parameters_mut().set(name, &state).expect(name);
    }
    let given = Given::new(Seed(5));
    let (h, c) = (sequence::<2, 20>(1), sequence::<2, 20>(50));
    let g: [f32; 7] = std::array::from_fn(|unit| number(unit + 3));
    on_every_set(|set| {
        agrees::<Learnt, 60, 3, 9>(&net, set);
        let x = sequence::<60, 3>(11);
        let whole = given.forward(&(*x, *h, *c, g));
        let frames: Vec<<Given as Causal>::InputFrame> =
            x.iter().map(|&frame| (frame, *h, *c, g)).collect();
        plays(&given, &frames, &whole, &format!("given states on {set:?}"));
    });
}

//! The judgement of streams: whatever blocks the frames come in, a stream gives the bits of the whole sequence, and a state that was
//! written goes on where it stood.

use crate::{dice::Dice, judge::ONE_AT_A_TIME};
use kiln::{Causal, Model, Seed, Stream, StreamState, simd};

/// Judges a model on every instruction set; `frames` and `answers` cut a sequence into what steps take and give.
///
/// # Panics
///
/// If it is wrong.
pub fn stream<M, const T: usize, const F: usize, const U: usize, const G: usize>(
    seed: u64,
    source: &str,
    frames: fn(&[[f32; F]; T]) -> Vec<M::InputFrame>,
    answers: fn(&[[f32; G]; U]) -> Vec<M::OutputFrame>,
) where
    M: Model<Input = [[f32; F]; T], Output = [[f32; G]; U]> + Causal,
    M::OutputFrame: PartialEq + std::fmt::Debug,
{
    let mut dice = Dice::new(seed);
    let mut input = [[0.0; F]; T];
    let number = |dice: &mut Dice| match dice.below(12) {
        0 => 0.0,
        1 => 1e-30,
        _ => (dice.below(2001) as f32 - 1000.0) / 700.0,
    };
    input.as_flattened_mut().fill_with(|| number(&mut dice));
    let net = M::new(Seed(seed));
    let _guard = ONE_AT_A_TIME.lock();
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        let here = format!("on {set:?}, seed {seed}:\n{source}");
        let mut whole = [[0.0; G]; U];
        net.forward_into(&input, &mut whole);
        let (frames, whole) = (frames(&input), answers(&whole));
        let mut stream = Stream::new(&net);
        for (index, (frame, expected)) in frames.iter().zip(&whole).enumerate() {
            assert_eq!(stream.step(frame), *expected, "step {index} {here}");
        }
        let end = stream.state().clone();
        for _ in 0..3 {
            stream.reset();
            let mut found = whole.clone();
            found.reverse();
            let mut at = 0;
            while at < frames.len() {
                let next = (at + dice.pick(&[1, 2, 3, 8, 17, 64])).min(frames.len());
                stream
                    .process(&frames[at..next], &mut found[at..next])
                    .expect(&here);
                at = next;
                // A state may be written and read, anywhere and at any time.
                let bytes = stream.state().to_bytes();
                let mut state = StreamState::new();
                state.read_bytes(&bytes).expect(&here);
                stream = Stream::resumed(&net, state);
            }
            assert_eq!(found, whole, "in blocks {here}");
            assert_eq!(*stream.state(), end, "the state {here}");
        }
        eprintln!("stream {seed} is right on {set:?}");
    }
    simd::restrict(None);
}

//! Streams: frame by frame a model gives the bits that `forward` gives for the whole sequence, in whatever blocks the frames
//! arrive, on every instruction set.
#![forbid(unsafe_code)]

mod recurrent;

use kiln::simd::{InstructionSet, levels, restrict, set_of};
use kiln::{Causal, DynStream, Model, OwnedStream, Stream, StreamState, prelude::*};
use recurrent::{Amp, Narrow, Stacked};
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tests that choose an instruction set do so one after another.
static CHOSEN: Mutex<()> = Mutex::new(());

/// Keeps the instruction set as it is until the end of a test.
fn chosen() -> MutexGuard<'static, ()> {
    CHOSEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test on every instruction set of this machine.
fn on_every_set(test: impl Fn(InstructionSet)) {
    let _chosen = chosen();
    for set in levels().map(set_of) {
        assert!(restrict(set));
        test(set);
    }
    restrict(None);
}

/// Numbers that look random, among them tiny ones and zeros.
fn number(index: usize) -> f32 {
    match index % 17 {
        3 => 0.0,
        5 => 1e-25,
        11 => -1e-41,
        _ => ((index * 7919 + 13) % 1021) as f32 / 510.0 - 1.0,
    }
}

fn sequence<const T: usize, const F: usize>(salt: usize) -> Box<[[f32; F]; T]> {
    let mut sequence = kiln::zeroed::<[[f32; F]; T]>().unwrap();
    for (index, x) in sequence.as_flattened_mut().iter_mut().enumerate() {
        *x = number(index + salt);
    }
    sequence
}

/// Plays the frames in blocks of several sizes and one by one; all answers are those of `whole`.
fn plays<M: Causal>(net: &M, frames: &[M::InputFrame], whole: &[M::OutputFrame], name: &str)
where
    M::OutputFrame: PartialEq + Debug,
{
    let count = frames.len().min(whole.len());
    let (frames, whole) = (&frames[..count], &whole[..count]);
    let mut stream = Stream::new(net);
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(stream.step(frame), whole[index], "{name}: step {index}");
    }
    let mut answers = whole.to_vec();
    for size in [2, 7, 16, 65] {
        stream.reset();
        answers.reverse();
        let mut at = 0;
        // Blocks of about one size, now and then another.
        for turn in 0.. {
            let next = (at + size + turn % 3).min(count);
            stream
                .process(&frames[at..next], &mut answers[at..next])
                .unwrap();
            at = next;
            if at == count {
                break;
            }
        }
        for (index, (answer, expected)) in answers.iter().zip(whole).enumerate() {
            assert_eq!(answer, expected, "{name}: step {index} in blocks of {size}");
        }
    }
    assert_eq!(stream.state().steps(), count as u64);
}

/// Compares a stream with `forward`, over frames of F and G numbers.
fn agrees<M, const T: usize, const F: usize, const G: usize>(net: &M, set: InstructionSet)
where
    M: Model<Input = [[f32; F]; T], Output = [[f32; G]; T]>,
    M: Causal<InputFrame = [f32; F], OutputFrame = [f32; G]>,
{
    let input = sequence::<T, F>(7);
    let mut whole = kiln::zeroed::<[[f32; G]; T]>().unwrap();
    net.forward_into(&input, &mut whole);
    assert!(whole.as_flattened().iter().any(|&y| y != 0.0));
    let name = format!("{} on {set:?}", std::any::type_name::<M>());
    plays(net, &input[..], &whole[..], &name);
}

#[test]
fn a_state_goes_on_where_it_stood() {
    let _chosen = chosen();
    let net = Stacked::new(Seed(3));
    let frames = sequence::<150, 20>(1);
    let mut stream = net.stream();
    let mut first = vec![[0.0; 5]; 40];
    stream.process(&frames[..40], &mut first).unwrap();
    let state = stream.state().clone();
    let next = stream.step(&frames[40]);
    assert_ne!(*stream.state(), state);
    let mut resumed = Stream::resumed(&net, state);
    assert_eq!(resumed.step(&frames[40]), next);
    assert_eq!(resumed.state(), stream.state());
    stream.reset();
    assert_eq!(*stream.state(), StreamState::new());
    assert_eq!(stream.step(&frames[0]), first[0]);
}

#[test]
fn blocks_of_other_lengths_are_refused() {
    let net = Narrow::new(Seed(2));
    let mut stream = net.stream();
    let error = stream
        .process(&[[0.0; 3]; 4], &mut [[0.0; 2]; 5])
        .unwrap_err();
    assert!(
        error.to_string().contains('4') && error.to_string().contains('5'),
        "{error}"
    );
    assert_eq!(*stream.state(), StreamState::new());
}

model! {
    /// Taps far apart, and more of them than a block has frames.
    #[kiln(stream)]
    struct Tcn(x: [300, 2]) -> [300, 1] {
        Conv1d(16, 3, padding = Causal), Tanh,
        Conv1d(16, 3, padding = Causal, dilation = 2), Tanh,
        Conv1d(16, 3, padding = Causal, dilation = 16), Relu,
        Conv1d(16, 2, padding = Causal, dilation = 64, bias = false), Sigmoid,
        Conv1d(1, 1),
    }

    /// Widths that fill no panel, many panels, and long windows.
    #[kiln(stream)]
    struct Broad(x: [150, 1]) -> [150, 33] {
        Conv1d(24, 9, padding = (24, 0), dilation = 3), LeakyRelu(0.2),
        Conv1d(70, 5, padding = Causal), BatchNorm, Relu,
        Conv1d(40, 1), Gelu,
        Conv1d(33, 4, padding = Causal),
    }

    /// More products in a sum than a chain has.
    #[kiln(stream)]
    struct Long(x: [40, 150]) -> [40, 3] { Conv1d(3, 30, padding = Causal), Tanh }

    #[kiln(stream)]
    struct Grouped(x: [150, 32]) -> [150, 48] {
        Conv1d(32, 3, padding = Causal, dilation = 4, groups = 32), Relu,
        Conv1d(64, 3, padding = Causal, groups = 16), Tanh,
        Conv1d(96, 2, padding = Causal, groups = 2), BatchNorm, Relu,
        Conv1d(48, 1, groups = 3),
    }

    block Gated<const DILATION: usize>(x) {
        filter: Conv1d(8, 3, padding = Causal, dilation = DILATION),
        gate: Conv1d(8, 3, padding = Causal, dilation = DILATION),
        mix: Conv1d(8, 1),
        forward {
            let z = tanh(filter(x)) * sigmoid(gate(x));
            mix(z) + x
        }
    }

    #[kiln(stream)]
    struct WaveNet(x: [200, 1]) -> [200, 1] {
        enter: Conv1d(8, 1),
        first: Gated<1>,
        second: Gated<5>,
        third: Gated<32>,
        head: Conv1d(1, 1),
        forward {
            let a = first(enter(x));
            let b = second(a);
            let c = third(b);
            head(relu(a + b + c))
        }
    }
}

#[test]
fn convolutions_give_the_bits_of_whole_sequences() {
    on_every_set(|set| {
        agrees::<Tcn, 300, 2, 1>(&Tcn::new(Seed(1)), set);
        agrees::<Broad, 150, 1, 33>(&Broad::new(Seed(2)), set);
        agrees::<Long, 40, 150, 3>(&Long::new(Seed(3)), set);
        agrees::<Grouped, 150, 32, 48>(&Grouped::new(Seed(4)), set);
        agrees::<WaveNet, 200, 1, 1>(&WaveNet::new(Seed(5)), set);
    });
}

model! {
    /// Two windows behind one another: a step takes four frames and gives one.
    #[kiln(stream)]
    struct Strided(x: [160, 3]) -> [40, 5] {
        Conv1d(20, 5, stride = 2, padding = Causal), Relu, Lstm(12),
        Conv1d(5, 2, stride = 2), Tanh,
    }

    /// The newest step, and all of them beside it.
    #[kiln(stream)]
    struct Newest(x: [60, 4]) -> ([3], [60, 2]) {
        lstm: Lstm(20), fc: Dense(3), every: Dense(2),
        forward {
            let h = lstm(x);
            (fc(last(h)), every(h))
        }
    }

    /// Norms, ranges and sums over the features of a step.
    #[kiln(stream)]
    struct Normed(x: [90, 24]) -> [90, 7] {
        a: Dense(40), ln: LayerNorm, b: Dense(40), rms: RmsNorm, prelu: PRelu(20), c: Dense(7),
        forward {
            let h = rms(b(relu(ln(a(x)))) * 2.0 - 1.0);
            let left = prelu(h[(.., 0..20)]);
            let right = l2_normalize(h[(.., 20..40)]);
            let scale = softmax(left) / (abs(right) + 1.0);
            let center = mean(h, axis = 1, keepdim = true);
            c(concat(left * scale, right - center, axis = 1)) + exp(tanh(center))
        }
    }

    /// Two sequences and a setting that is the same for all steps.
    #[kiln(stream)]
    struct Mixed(a: [80, 3], b: [80, 2], knob: [1, 3]) -> [80, 4] {
        knobs: Dense(16), lstm: Lstm(16), fc: Dense(4),
        forward {
            let h = lstm(concat(a * knob, b, axis = 1));
            fc(h * sigmoid(knobs(knob)))
        }
    }

    /// Frames that are numbers.
    #[kiln(stream)]
    struct Flat(x: [70]) -> [70] { Reshape(70, 1), Conv1d(6, 3, padding = Causal), Tanh, Dense(1), Reshape(70), Softsign }
}

#[test]
fn a_stride_in_time_gives_steps_of_several_frames() {
    on_every_set(|set| {
        let net = Strided::new(Seed(1));
        let input = sequence::<160, 3>(3);
        let whole = net.forward(&input);
        let (steps, _) = input.as_chunks::<4>();
        assert_eq!(StreamState::<Strided>::FRAMES, 4);
        plays(&net, steps, &whole, &format!("strided on {set:?}"));
    });
}

#[test]
fn last_is_the_newest_step() {
    on_every_set(|set| {
        let net = Newest::new(Seed(1));
        let input = sequence::<60, 4>(3);
        let (newest, every) = net.forward(&input);
        let mut stream = net.stream();
        for (index, frame) in input.iter().enumerate() {
            let answer = stream.step(frame);
            assert_eq!(answer.1, every[index], "step {index} on {set:?}");
            if index + 1 == input.len() {
                assert_eq!(answer.0, newest, "{set:?}");
            }
        }
        let mut answers = vec![([0.0; 3], [0.0; 2]); 60];
        stream.reset();
        stream.process(&input[..], &mut answers).unwrap();
        assert_eq!(answers[59], (newest, every[59]), "{set:?}");
    });
}

#[test]
fn what_works_on_each_step_gives_the_bits_of_whole_sequences() {
    on_every_set(|set| {
        agrees::<Normed, 90, 24, 7>(&Normed::new(Seed(1)), set);
        let net = Flat::new(Seed(2));
        let input = sequence::<70, 1>(5);
        let input: [f32; 70] = input.as_flattened().try_into().unwrap();
        plays(
            &net,
            &input,
            &net.forward(&input),
            &format!("plain on {set:?}"),
        );
    });
}

#[test]
fn several_inputs_come_frame_by_frame_and_settings_with_each() {
    on_every_set(|set| {
        let net = Mixed::new(Seed(1));
        let (a, b) = (*sequence::<80, 3>(1), *sequence::<80, 2>(2));
        let knob = [[0.5, -0.25, 2.0]];
        let whole = net.forward(&(a, b, knob));
        let frames: Vec<_> = a.into_iter().zip(b).map(|(a, b)| (a, b, knob)).collect();
        plays(&net, &frames, &whole, &format!("mixed on {set:?}"));
    });
}

model! {
    /// So many layers that they are not one function.
    #[kiln(stream)]
    struct Deep(x: [60, 5]) -> [60, 3] {
        [{ Conv1d(9, 2, padding = Causal), Gelu }; 14], Lstm(6), Dense(3), Softplus,
    }
}

#[test]
fn deep_networks_give_the_bits_of_whole_sequences() {
    on_every_set(|set| agrees::<Deep, 60, 5, 3>(&Deep::new(Seed(1)), set));
}

#[test]
fn bytes_know_their_model_and_whether_they_are_whole() {
    /// A state may lie in a static.
    static STATE: Mutex<StreamState<Narrow>> = Mutex::new(StreamState::new());
    let net = Narrow::new(Seed(2));
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.step(&net, &[0.5; 3]);
    let bytes = state.to_bytes();
    assert_eq!(bytes.len(), StreamState::<Narrow>::BYTES);
    let mut read = StreamState::<Narrow>::new();
    read.read_bytes(&bytes).unwrap();
    assert_eq!(read, *state);
    assert_eq!(read.step(&net, &[0.25; 3]), state.step(&net, &[0.25; 3]));
    let refused = |bytes: &[u8]| {
        let mut state = StreamState::<Narrow>::new();
        let error = state.read_bytes(bytes).unwrap_err().to_string();
        assert_eq!(state, StreamState::new(), "a refused state changes nothing");
        error
    };
    assert!(refused(&[]).contains("too few"));
    assert!(refused(&bytes[..bytes.len() - 4]).contains("too few or too many"));
    assert!(refused(&Amp::new(Seed(1)).stream().state().to_bytes()).contains("another model"));
    for at in [9, 20, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(refused(&damaged).contains("damaged"), "byte {at}");
    }
}

#[test]
fn a_stream_takes_other_weights_and_keeps_what_it_heard() {
    let nets = [Narrow::new(Seed(1)), Narrow::new(Seed(2))];
    let mut stream = OwnedStream::new(nets[0].clone());
    let mut state = StreamState::new();
    for (step, frame) in sequence::<40, 3>(9).iter().enumerate() {
        if step == 20 {
            let old = stream.exchange(nets[1].clone());
            assert_eq!(old.parameters().blocks(), nets[0].parameters().blocks());
        }
        assert_eq!(
            stream.step(frame),
            state.step(&nets[step / 20], frame),
            "step {step}"
        );
    }
    let (net, kept) = stream.into_parts();
    assert_eq!(net.parameters().blocks(), nets[1].parameters().blocks());
    assert_eq!(kept, state);
}

#[test]
fn streams_of_equal_frames_are_chosen_at_run_time() {
    let net = Narrow::new(Seed(2));
    let frames = sequence::<30, 3>(4);
    let mut streams: [Box<dyn DynStream<[f32; 3], [f32; 2]> + '_>; 2] = [
        Box::new(net.stream()),
        Box::new(OwnedStream::new(net.clone())),
    ];
    let mut answers = streams.each_mut().map(|stream| {
        let first = stream.step(&frames[0]);
        stream.reset();
        let mut answers = vec![[0.0; 2]; 30];
        stream.process(&frames[..], &mut answers).unwrap();
        assert_eq!(answers[0], first);
        answers
    });
    assert_eq!(answers[0], answers[1]);
    answers[0].clear();
}

//! A stream: the program of a step as a function over the frames of one or several, and what it keeps between them.

use super::arrays::parts;
use super::call::Printer;
use super::crossing::{load_sample, unload_sample};
use super::functions::{Functions, Statement, mentions};
use super::model::{Model, Stream};
use super::passes::{loaded, unloaded};
use crate::graph::ValueId;
use crate::memory::program::Action;
use crate::storage::LANES;
use proc_macro2::TokenStream;
use quote::quote;

/// What an expansion has of its stream.
pub struct Emitted {
    /// The methods of the struct.
    pub methods: TokenStream,
    /// The associated types of `Causal`.
    pub interface: TokenStream,
    /// The body of `Steps`.
    pub steps: TokenStream,
}

/// Blocks of workspace up to which the frames of several steps pass together: 16 KiB, which lie on the stack.
const ROOM: usize = 256;

/// Steps that pass together at most: enough for tiles, few enough to stay in the level-1 cache.
const MOST_ROWS: usize = 64;

/// Fewer steps than these gain nothing by passing together.
const FEWEST_ROWS: usize = 4;

/// Steps that pass together, of so many blocks each.
fn rows(blocks: usize) -> usize {
    match ROOM / blocks.max(1) {
        rows if rows < FEWEST_ROWS => 1,
        rows => rows.min(MOST_ROWS),
    }
}

/// Writes the stream of a network.
pub fn stream(model: &Model<'_>, stream: &Stream, functions: &mut Functions) -> Emitted {
    let printer = Printer::new(model, &stream.planned);
    let (program, plan) = &stream.planned;
    let [input, output] =
        [&stream.graph.inputs, &stream.graph.outputs].map(|values| frames(values, stream));
    let loads = load_sample(printer, loaded(program));
    let unloads = unload_sample(printer, unloaded(program).iter());
    let forward = program.events.iter();
    let forward = forward.filter(|event| matches!(event.action, Action::Forward(_)));
    let statements = Statement::of(&forward.collect::<Vec<_>>(), printer);
    let (kept, scratch, arena) = (
        program.kept.blocks(),
        plan.blocks,
        model.layout.arena_blocks,
    );
    let known = |body: &TokenStream| {
        let kept = match mentions(body, "past") {
            true => quote!(let past = &mut rt::known::<#kept>(past)[..];),
            false => quote!(let _ = past;),
        };
        quote! {
            let rows = rows.known::<LONE, #arena>();
            #kept
            let memory = if LONE { &mut rt::known::<#scratch>(memory)[..] } else { memory };
        }
    };
    let calls = functions.add_steps(&statements, printer, &known);
    let known = known(&calls);
    let rows = rows(scratch);
    let room = if rows > 1 { rows * scratch } else { 0 };
    let (frames, mark) = (stream.schedule.frames, mark(stream));
    let bytes = kept * LANES * 4;
    let several = match frames {
        1 => String::new(),
        _ => format!(" A step takes {frames} frames, for a layer has a stride in time."),
    };
    let doc = format!(
        " A stream of frames, from the beginning of a sequence: `let mut stream = model.stream(); \
         let answer = stream.step(&frame);`. Its answers are those of `forward`, to the bit.{several}"
    );
    Emitted {
        methods: quote! {
            /// Bytes that a stream keeps from step to step.
            pub const STREAM_BYTES: usize = #bytes;

            #[doc = #doc]
            #[must_use]
            pub fn stream(&self) -> rt::Stream<'_, Self> {
                rt::Stream::new(self)
            }
        },
        interface: quote! {
            type InputFrame = #input;
            type OutputFrame = #output;
            #[doc(hidden)]
            type Steps = Self;
        },
        steps: quote! {
            type Frame = #input;
            type Answer = #output;
            type Kept = [rt::Block; #kept];
            type Scratch = [rt::Block; #scratch];
            type Room = [rt::Block; #room];

            const FRAMES: usize = #frames;
            const ROWS: usize = #rows;
            const MARK: u64 = #mark;

            #[inline(always)]
            fn steps<S: rt::Isa, const LONE: bool>(
                s: S,
                parameters: &[rt::Block],
                clock: u64,
                inputs: &[#input],
                outputs: &mut [#output],
                past: &mut [rt::Block],
                memory: &mut [rt::Block],
            ) {
                let (capacity, count) = (inputs.len(), inputs.len());
                for (row, input) in ::core::iter::Iterator::enumerate(inputs.iter()) {
                    let _ = #loads;
                }
                let rows = rt::Rows::stream(parameters, count, clock);
                #known
                #calls
                for (row, output) in ::core::iter::Iterator::enumerate(outputs.iter_mut()) {
                    #unloads
                }
            }
        },
    }
}

/// The type of a step of some values: one frame as it is, several as an array.
fn frames(values: &[ValueId], stream: &Stream) -> TokenStream {
    let shapes = values.iter().map(|value| {
        let value_of = &stream.graph.values[value.0];
        let shape = &value_of.shape[..];
        match stream.schedule.frames_of(value.0) {
            Some(1) => (value_of.element, &shape[1..]),
            _ => (value_of.element, shape),
        }
    });
    parts(shapes)
}

/// A number by which bytes of a state know their model: a hash (FNV-1a) of what is kept, and of the frames of a step.
fn mark(stream: &Stream) -> u64 {
    let parts = stream.planned.0.kept.parts.iter();
    let parts = parts.map(|part| format!("{} {};", part.label, part.blocks));
    let text = parts.fold(format!("{};", stream.schedule.frames), |text, part| {
        text + &part
    });
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

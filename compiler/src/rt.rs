//! The paths of the runtime that calls are made of, and how an operator declares its kernels, with what each does with its
//! arguments. What stands around calls is quoted where it is emitted.
//!
//! Expansions refer to the facade's hidden module as `rt`, which each expansion imports inside its own scope.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// A path of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub &'static [&'static str]);

impl ToTokens for Path {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let segments = self
            .0
            .iter()
            .map(|segment| Ident::new(segment, Span::call_site()));
        tokens.extend(quote!(rt #(::#segments)*));
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("::"))
    }
}

/// A function of the runtime that calls are made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Where it stands.
    pub path: Path,
    /// Its parameters, and what it does with each.
    pub parameters: &'static [(Effect, &'static str)],
}

/// What a kernel does with the memory that a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `x`: it reads what is there.
    Reads,
    /// `out y`: it writes all that is read later, whatever was there.
    Writes,
    /// `mut y`: it reads what is there and changes it.
    Changes,
    /// `add y`: it adds to what is there or writes, as its call tells it.
    Adds,
}

/// Declares paths.
macro_rules! paths {
    ($($name:ident = $($segment:ident)::+;)*) => {
        $(
            #[doc = concat!("`rt::", stringify!($($segment)::+), "`")]
            pub const $name: Path = Path(&[$(stringify!($segment)),+]);
        )*
    };
}

/// What a kernel does with a parameter, and the parameter's name.
macro_rules! parameter {
    (out $name:ident) => {
        ($crate::rt::Effect::Writes, stringify!($name))
    };
    (mut $name:ident) => {
        ($crate::rt::Effect::Changes, stringify!($name))
    };
    (add $name:ident) => {
        ($crate::rt::Effect::Adds, stringify!($name))
    };
    ($name:ident) => {
        ($crate::rt::Effect::Reads, stringify!($name))
    };
}

/// Declares kernels: a name each, where they stand, and their parameters with what is done with each (see [`Effect`]).
macro_rules! kernels {
    ($($name:ident = $($segment:ident)::+ ($($($word:ident)+),*);)*) => {
        $(
            #[doc = concat!("`rt::", stringify!($($segment)::+), "`")]
            pub(crate) static $name: $crate::rt::Kernel = $crate::rt::Kernel {
                path: $crate::rt::Path(&[$(stringify!($segment)),+]),
                parameters: &[$($crate::rt::parameter!($($word)+)),*],
            };
        )*
    };
}

paths! {
    CARVE = carve;
    ROWS = rows;
    INPUT_ROWS = input_rows;
    SETTLED = settled;
    FLUSHED = flushed;
    BLOCK = Block;
    BLOCKS = blocks;
    BLOCKS_MUT = blocks_mut;
    PANELS = panels;
    STRETCH_OF_PANELS = stretch_of_panels;
    CELLS = cells;
    LOAD = load;
    UNLOAD = unload;
    LOAD_TOKENS = load_tokens;
    TOKENS = tokens;
    TOKEN_ROWS = token_rows;
    LOAD_STORED = load_stored;
    UNLOAD_STORED = unload_stored;
    STRETCH = Stretch::of;
    ROW_PAIRS = row_pairs;
    ROW_BLOCKS = row_blocks;
    SEQUENCES = sequences;
    STEPS = steps;
    STEPS_MUT = steps_mut;
    STEP_PAIRS = step_pairs;
    WITH_LENGTHS = with_lengths;

    IDENTITY = Identity;
    RELU = Relu;
    SIGMOID = Sigmoid;
    TANH = Tanh;
    FAST_SIGMOID = FastSigmoid;
    FAST_TANH = FastTanh;
    HARD_TANH = HardTanh;
    LEAKY_RELU = LeakyRelu;
    ELU = Elu;
    SELU = Selu;
    GELU = Gelu;
    GELU_TANH = GeluTanh;
    SILU = Silu;
    MISH = Mish;
    SOFTPLUS = Softplus;
    SOFTSIGN = Softsign;
    HARD_SIGMOID = HardSigmoid;
    HARD_SWISH = HardSwish;
    ABS = Abs;
    SQRT = Sqrt;
    EXP = Exp;
    LOG = Log;

    COPY_AXIS = copy::Axis;
    BROADCAST_AXIS = broadcast::Axis;
    BROADCAST_LANES = broadcast::Lanes;
    COMBINE_SUM = broadcast::Combine::Sum;
    COMBINE_DIFFERENCE = broadcast::Combine::Difference;
    COMBINE_PRODUCT = broadcast::Combine::Product;
    COMBINE_QUOTIENT = broadcast::Combine::Quotient;
    COMBINE_LINE = broadcast::Combine::Line;
    COMBINE_OVER = broadcast::Combine::Over;
    TERM_SCALED = broadcast::Term::Scaled;
    TERM_PRODUCT = broadcast::Term::Product;
    TERM_QUOTIENT = broadcast::Term::Quotient;
    TERM_DIVISOR = broadcast::Term::Divisor;
    TERM_EQUAL = broadcast::Term::Equal;
    TERM_SHARE = broadcast::Term::Share;
    NUMBERS_FLAT = Numbers::flat;
    NUMBERS_AT_ONCE = Numbers::at_once;
    NUMBERS_WITHIN = Numbers::within;
    START_BIAS = Start::Bias;
    START_ZERO = Start::Zero;
    START_ADD = Start::Add;
    CHANNEL_LAST = ChannelLast;
    PLANAR = Planar;
    DENSE_STEPS = DenseSteps;
    PARTS = Parts;
    TAPS = Taps;
    PIXELS = Pixels;
    PAD_FRAME = pad::Frame;
    PAD_GRID = pad::Grid;
    PAD_CONSTANT = pad::Mode::Constant;
    PAD_REFLECT = pad::Mode::Reflect;
    PAD_REPLICATE = pad::Mode::Replicate;
    PAD_CIRCULAR = pad::Mode::Circular;
    EMBEDDING_LOOKED = embedding::looked;
    EMBEDDING_ATTENDED = embedding::attended;
    SINUSOIDS = positions::sinusoids;
    RULE_SLIDING = pool::Rule::Sliding;
    RULE_ADAPTIVE = pool::Rule::Adaptive;
    UPSAMPLE_SOURCE = upsample::Source;
    AFFINE_LEARNT = batch_norm::Affine::Learnt;
    AFFINE_FIXED = batch_norm::Affine::Fixed;
    RUNNING = batch_norm::Running;
    LAYER_NORM_RULE = layer_norm::Rule;
    LAYER_NORM_AFFINE = layer_norm::Affine;
    NORM_LAYER = layer_norm::Norm::Layer;
    NORM_RMS = layer_norm::Norm::Rms;
    NORM_LENGTH = layer_norm::Norm::Length;
    CONV2D_APPLICATION = conv2d::application;
    DEPTHWISE_APPLICATION = depthwise::application;
    CONV_TRANSPOSE2D_APPLICATION = conv_transpose2d::application;
    CONV_TRANSPOSE2D_GROUPS = conv_transpose2d::application_groups;
    RECURRENT_ORDER = recurrent::Order;
    RECURRENT_WEIGHTS = recurrent::Weights;
    RECURRENT_ROWS = recurrent::recurrent_rows;
    INITIAL_ROWS = recurrent::initial_rows;
    LAST_ROWS = recurrent::last_rows;
    COUNTED_ROWS = recurrent::counted_rows;
    RNN_TANH = recurrent::RnnTanh;
    RNN_RELU = recurrent::RnnRelu;
    LSTM = recurrent::Lstm;
    GRU = recurrent::Gru;
    GRU_RESET_BEFORE = recurrent::GruResetBefore;
    FAST_RNN_TANH = recurrent::FastRnnTanh;
    FAST_LSTM = recurrent::FastLstm;
    FAST_GRU = recurrent::FastGru;
    FAST_GRU_RESET_BEFORE = recurrent::FastGruResetBefore;
    SOME = Some;
    NONE = None;
}
pub(crate) use {kernels, parameter};

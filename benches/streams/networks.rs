//! Networks that public plug-ins run sample by sample.

use kiln::prelude::*;

model! {
    #[kiln(stream)]
    pub struct Recurrent<const UNITS: usize, const LEVELS: usize = 1>(x: [1024, 1]) -> [1024, 1] {
        lstm: Lstm(UNITS, layers = LEVELS),
        fc: Dense(1),
    }
    pub type Lstm8 = Recurrent<8>;
    pub type Lstm16 = Recurrent<16>;
    pub type Lstm40 = Recurrent<40>;
    pub type Lstm64 = Recurrent<64>;
    pub type Lstm3x18 = Recurrent<18, 3>;

    #[kiln(stream)]
    pub struct Gated<const UNITS: usize>(x: [1024, 1]) -> [1024, 1] { gru: Gru(UNITS), fc: Dense(1) }
    pub type Gru8 = Gated<8>;
    pub type Gru16 = Gated<16>;
    pub type Gru32 = Gated<32>;
    pub type Gru64 = Gated<64>;

    #[kiln(stream)]
    pub struct FastRecurrent<const UNITS: usize>(x: [1024, 1]) -> [1024, 1] {
        lstm: Lstm(UNITS, fast = true),
        fc: Dense(1),
    }
    pub type FastLstm16 = FastRecurrent<16>;
    pub type FastLstm40 = FastRecurrent<40>;

    #[kiln(stream)]
    pub struct FastGated<const UNITS: usize>(x: [1024, 1]) -> [1024, 1] { gru: Gru(UNITS, fast = true), fc: Dense(1) }
    pub type FastGru8 = FastGated<8>;

    /// A causal convolution that doubles its reach, and what follows it.
    block Conv<const DILATION: usize>(x) {
        conv: Conv1d(16, 3, padding = Causal, dilation = DILATION),
        forward { tanh(conv(x)) }
    }

    #[kiln(stream)]
    pub struct Tcn(x: [1024, 1]) -> [1024, 1] {
        Conv<1>, Conv<2>, Conv<4>, Conv<8>, Conv<16>, Conv<32>, Conv<64>, Conv<128>, Conv<256>, Conv<512>,
        out: Conv1d(1, 1),
    }

    /// A layer of a WaveNet: what it leaves for the head, and what the next layer reads.
    block Layer<const CHANNELS: usize, const DILATION: usize>(x, condition) {
        conv: Conv1d(CHANNELS, 3, padding = Causal, dilation = DILATION),
        mixin: Conv1d(CHANNELS, 1, bias = false),
        mix: Conv1d(CHANNELS, 1),
        forward {
            let z = tanh(conv(x) + mixin(condition));
            (z, mix(z) + x)
        }
    }

    /// Ten layers, whose head is the sum of what each leaves, and of what comes from the array before.
    block Layers<const CHANNELS: usize>(x, condition) {
        a: Layer<CHANNELS, 1>, b: Layer<CHANNELS, 2>, c: Layer<CHANNELS, 4>, d: Layer<CHANNELS, 8>,
        e: Layer<CHANNELS, 16>, f: Layer<CHANNELS, 32>, g: Layer<CHANNELS, 64>, h: Layer<CHANNELS, 128>,
        i: Layer<CHANNELS, 256>, j: Layer<CHANNELS, 512>,
        forward {
            let (za, xa) = a(x, condition);
            let (zb, xb) = b(xa, condition);
            let (zc, xc) = c(xb, condition);
            let (zd, xd) = d(xc, condition);
            let (ze, xe) = e(xd, condition);
            let (zf, xf) = f(xe, condition);
            let (zg, xg) = g(xf, condition);
            let (zh, xh) = h(xg, condition);
            let (zi, xi) = i(xh, condition);
            let (zj, xj) = j(xi, condition);
            (za + zb + zc + zd + ze + zf + zg + zh + zi + zj, xj)
        }
    }

    /// The WaveNet of two arrays that neural amplifier models are trained with, of 16 and 8 channels.
    #[kiln(stream)]
    pub struct WaveNet(x: [1024, 1]) -> [1024, 1] {
        enter: Conv1d(16, 1, bias = false),
        wide: Layers<16>,
        wide_head: Conv1d(8, 1, bias = false),
        narrow_enter: Conv1d(8, 1, bias = false),
        narrow: Layers<8>,
        head: Conv1d(1, 1),
        forward {
            let (wide_sum, wide_x) = wide(enter(x), x);
            let (narrow_sum, _) = narrow(narrow_enter(wide_x), x);
            head(wide_head(wide_sum) + narrow_sum)
        }
    }
}

//! Models that chance meets too rarely. Each is named as if its seed were its index counted from [`FIRST_SEED`].

/// A seed that nobody asks for.
pub const FIRST_SEED: u64 = 1 << 48;

/// Heads without the name, and bodies.
pub const MODELS: &[&str] = &[
    // A convolution on images of two sizes, fused with a pool on one of them.
    "(a: [3, 9, 8], b: [3, 4, 5]) -> ([20, 4, 4], [20, 4, 5]) {
        shared: Conv2d(20, 3, padding = 1),
        pool: MaxPool2d(2),
        forward { (pool(relu(shared(a))), shared(b)) }
    }",
    // A convolution on its own output: backward reads zeros around one delta, and none around the other.
    "(x: [3, 6, 7]) -> [3, 6, 7] {
        again: Conv2d(3, 3, padding = 1),
        forward { tanh(again(tanh(again(x)))) }
    }",
    // One pixel in a border below and to the right, which its own elements do not show: read by a projection of its own,
    // and by one that it shares with a pixel without a border.
    "(x: [1, 4, 4], y: [16]) -> ([3], [3], [3]) {
        pixel: Conv2d(16, 4),
        same: Conv2d(16, 2, padding = Same),
        own: Dense(3),
        behind: Dense(3),
        shared: Dense(3),
        forward {
            let h = pixel(x);
            (own(flatten(h)) + behind(flatten(same(h))), shared(flatten(h)), shared(y))
        }
    }",
    // A norm twice, and one on what learns nothing before it.
    "(x: [5, 4, 3], y: [5, 4, 3]) -> ([5, 4, 3], [60]) {
        first: BatchNorm(affine = false),
        shared: BatchNorm(momentum = 0.25),
        conv: Conv2d(5, 3, padding = 1),
        forward {
            let h = sigmoid(shared(conv(first(x))));
            (relu(shared(h)) + h, flatten(tanh(shared(y))))
        }
    }",
    // Frozen layers: below all that learns, between what learns, called twice, and a norm of which only the statistics move.
    "(x: [3, 6, 6], y: [17]) -> ([5], [17]) {
        below: Conv2d(18, 3, padding = 1, frozen = true),
        norm: BatchNorm(frozen = true),
        first: Dense(17),
        between: Dense(17, l1 = 0.03125, frozen = true),
        head: Dense(5),
        forward {
            let h = relu(between(tanh(between(first(y)))));
            (head(flatten(relu(norm(below(x))))), h + y)
        }
    }",
    // Norms of features and of steps, and of features that lie as pixels do.
    "(x: [3, 2, 2], y: [3, 17]) -> ([12], [3, 17]) {
        conv: Conv2d(3, 2, padding = Same),
        flat: BatchNorm,
        steps: BatchNorm(17),
        forward { (relu(flat(flatten(conv(x)))), sigmoid(steps(y))) }
    }",
    // What inference takes into the registers of a contraction: norms, then residual sums, then activations.
    "(x: [20], y: [3, 7]) -> ([20], [3, 7]) {
        a: Dense(20), n: BatchNorm, b: Dense(20, bias = false), m: BatchNorm, steps: Dense(7), o: BatchNorm(affine = false),
        forward {
            let h = relu(n(a(x)));
            (tanh(h + m(b(h))), sigmoid(o(steps(y)) + y))
        }
    }",
    "(x: [5, 6, 6]) -> ([18, 3, 3], [5, 6, 6]) {
        c: Conv2d(18, 3, stride = 2, padding = 1), n: BatchNorm, d: Conv2d(18, 1, stride = 2), m: BatchNorm(affine = false),
        e: Conv2d(5, 3, padding = 1), o: BatchNorm,
        forward { (sigmoid(n(c(x)) + m(d(x))), o(e(dropout(x, 0))) + x) }
    }",
    // A norm that two read, one that is a result, one behind an activation, and a sum of a norm with itself.
    "(x: [4, 5, 5]) -> ([4, 5, 5], [4, 5, 5], [4, 5, 5]) {
        c: Conv2d(4, 3, padding = 1), n: BatchNorm, m: BatchNorm, o: BatchNorm,
        forward {
            let h = n(c(x));
            let g = o(relu(c(h)));
            (h + x, m(c(relu(h))), g + g)
        }
    }",
    // A recurrence and a projection on sequences of two lengths, and the projection on a vector.
    "(a: [7, 5], b: [2, 5], c: [18]) -> ([7, 6], [2, 6], [6]) {
        recurrent: Lstm(18, layers = 2),
        project: Dense(6),
        forward { (project(recurrent(a)), project(recurrent(b)), project(c)) }
    }",
    // Images and steps that cross between the caller and the network: answered twice, answered and read on, read twice, and
    // given back as they came.
    "(x: [18, 5, 4]) -> ([20, 5, 4], [400], [3]) {
        c: Conv2d(20, 3, padding = 1), f: Dense(3),
        forward {
            let h = tanh(c(x));
            (h, flatten(h), f(flatten(h)))
        }
    }",
    "(x: [18, 4, 4], y: [3, 20], z: [2, 17]) -> ([288], [20, 4, 4], [3, 18], [2, 17], [5, 4, 4]) {
        c: Conv2d(20, 3, padding = 1), d: Conv2d(5, 1), l: Lstm(18),
        forward { (flatten(x), c(x), l(dropout(y, 0)), -z, relu(d(x))) }
    }",
    // Noise on every storage: a planar image in the border of a convolution, an image, steps, and what lies flat; a
    // branch that is left out behind a norm, and a layer that is called twice, each time with a mask of its own.
    "(x: [3, 7, 5], y: [4, 9]) -> ([18, 7, 5], [9], [7, 15]) {
        c: Conv2d(18, 3, padding = 1), e: Conv2d(18, 3, padding = 1), n: BatchNorm, l: Lstm(9), d: Dense(9), f: Dense(15),
        branch: StochasticDepth(0.5),
        forward {
            let h = c(gaussian_noise(spatial_dropout(x, 0.25), 0.25));
            let g = gaussian_noise(spatial_dropout(alpha_dropout(tanh(h), 0.25), 0.5), 0.125);
            let s = gaussian_dropout(spatial_dropout(l(alpha_dropout(y, 0.5)), 0.25), 0.25);
            let flat = gaussian_noise(dropout(flatten(x), 0.5), 0.5);
            (
                h + branch(n(e(g))),
                d(branch(last(s))),
                f(alpha_dropout(spatial_dropout(reshape(flat, [7, 15]), 0.5), 0.25)),
            )
        }
    }",
    // Norms of each sample: over whole images that lie in a border, planes that are copied into rows, steps and features
    // together, groups across blocks, and channels; one is called on two values.
    "(x: [3, 6, 5], y: [5, 18]) -> ([20, 6, 5], [5, 18], [3]) {
        c: Conv2d(18, 3, padding = 1), whole: LayerNorm(axes = 3, eps = 0.0625), e: Conv2d(20, 3, padding = 1),
        groups: GroupNorm(2, eps = 0.0625), planes: LayerNorm([6, 5], eps = 0.0625, bias = false), f: Dense(3),
        channels: InstanceNorm(affine = true, eps = 0.25, track_running_stats = true), steps: RmsNorm(axes = 2, eps = 0.25),
        features: LayerNorm(eps = 0.0625),
        forward {
            let h = e(relu(whole(c(x))));
            let g = e(sigmoid(planes(whole(c(channels(x))))));
            let s = steps(features(y)) - features(y);
            (tanh(groups(h)) + groups(g), s, f(flatten(l2_normalize(x, eps = 0.5))))
        }
    }",
    // Noise between a norm and the sum that it would take, and around what is frozen.
    "(x: [5, 6, 6], y: [17]) -> ([5, 6, 6], [17]) {
        c: Conv2d(5, 3, padding = 1), n: BatchNorm, m: BatchNorm(affine = false), d: Dense(17), s: Dense(17, frozen = true),
        forward {
            let h = relu(stochastic_depth(n(c(x)), 0.25) + x);
            (dropout(m(h), 0.5) + gaussian_dropout(h, 0.125), alpha_dropout(s(gaussian_noise(d(y), 0.5)), 0.5))
        }
    }",
    // One image, planar in a border for a first layer of few channels, and an answer of fewer pixels than a square has.
    "(x: [2, 3, 5]) -> [21, 3, 5] {
        c: Conv2d(21, 3, padding = 1),
        forward { c(x) }
    }",
    // Padding of a vector, of steps and of an image that others read too, and of a convolution that is called twice.
    "(x: [21], y: [5, 3], z: [3, 6, 7]) -> ([26], [23], [7, 3], [20, 6, 7], [20, 3, 7], [3, 10, 7]) {
        d: Dense(21), s: Dense(3), shared: Conv2d(20, 3, padding = 1, padding_mode = Circular),
        forward {
            let h = d(x);
            let g = s(y);
            (
                pad(h, (5, 0), mode = Circular),
                pad(h, 1, mode = Reflect),
                pad(g, 1, mode = Replicate) + pad(g, (2, 0)),
                tanh(shared(z)),
                shared(z[(.., 1..4)]),
                pad(z, (2, 0), mode = Reflect),
            )
        }
    }",
    // A transposed convolution of images of two sizes, one of them a pixel.
    "(a: [5, 3, 4], b: [5, 1, 1]) -> ([18, 6, 8], [18, 2, 2]) {
        up: ConvTranspose2d(18, 4, stride = 2, padding = 1),
        forward { (relu(up(a)), tanh(up(b))) }
    }",
    // Transposed convolutions before norms and a sum, the last to few channels.
    "(x: [17, 3, 3]) -> [2, 12, 12] {
        same: ConvTranspose2d(17, 3, padding = 1),
        a: BatchNorm,
        up: ConvTranspose2d(18, 2, stride = 2, max_norm = 0.75),
        b: BatchNorm,
        few: ConvTranspose2d(2, 4, stride = 2, padding = 1),
        c: BatchNorm,
        forward { sigmoid(c(few(relu(b(up(relu(a(same(x)) + x))))))) }
    }",
    // Transposed convolutions, in groups and to few channels, whose operands others read too.
    "(x: [6, 4, 4]) -> [2, 8, 8] {
        groups: ConvTranspose2d(6, 3, padding = 1, groups = 2),
        wide: Conv2d(16, 3, padding = 1),
        few: ConvTranspose2d(2, 2, stride = 2),
        forward {
            let h = tanh(groups(x));
            let h = tanh(wide(tanh(groups(h)) + h));
            few(h) * sigmoid(few(h))
        }
    }",
    // The same over steps.
    "(x: [6, 17]) -> [24, 3] {
        up: ConvTranspose1d(20, 4, stride = 2, padding = 1),
        n: BatchNorm,
        few: ConvTranspose1d(3, 3, stride = 2, padding = 1, output_padding = 1),
        forward { few(relu(n(up(x)))) }
    }",
    // Transposed convolutions that take off more on one side, as many as leave the stride times the size among them.
    "(x: [5, 3, 4], y: [6, 9]) -> ([18, 6, 8], [2, 5, 9], [12, 17]) {
        same: ConvTranspose2d(18, 3, stride = 2, padding = Same),
        n: BatchNorm,
        sides: ConvTranspose2d(2, 4, stride = 2, padding = ((3, 0), (0, 1))),
        steps: ConvTranspose1d(17, 5, stride = 2, padding = Same),
        forward { (relu(n(same(x))), tanh(sides(x)), steps(y)) }
    }",
    // Functions that grow without bound, or are not defined everywhere, where they are tame.
    "(x: [17], y: [5, 4, 3]) -> ([6], [5, 4, 3], [20]) {
        d: Dense(20), e: Dense(6), c: Conv2d(5, 3, padding = 1),
        forward {
            let h = exp(d(x));
            let g = c(y);
            let root = sqrt(g * g + 0.5);
            (exp(tanh(e(h))), log(root + 0.25) + exp(-root), log(h + 0.5))
        }
    }",
    // Tokens that are read by two tables, one of which has a token for padding, and a table read by two inputs.
    "(words: u32[5], others: u32[2], kind: u32, x: [5, 18]) -> ([5, 18], [18], [2, 18]) {
        left: Embedding(7, 18, padding = 2), right: Embedding(9, 18), fc: Dense(18),
        forward { (fc(left(words) * right(words) + x), tanh(right(kind)), right(others)) }
    }",
    // Lengths of sequences of several widths, one of them read by all that pools.
    "(x: [9, 3], y: [4, 20], n: u32, m: u32) -> ([3], [9], [40]) {
        a: Dense(3), b: Dense(20),
        forward {
            let h = tanh(a(x));
            let g = b(y);
            let all = concat(sum(h, axis = 0, length = n), max(h, axis = 0, length = n), min(h, axis = 0, length = n));
            (last(h, length = n), all, concat(mean(g, axis = 0, length = m), last(g, length = m)))
        }
    }",
    // A length that several levels and both directions read, states that are given beside it, and states that are learnt.
    "(x: [7, 5], y: [4, 18], h0: [2, 9], c0: [2, 9], n: u32, m: u32) -> ([7, 18], [2, 9], [4, 6], [1, 20]) {
        both: Lstm(9, bidirectional = true), stack: Gru(6, layers = 2, bidirectional = true),
        before: Gru(20, reset_after = false, initial_state = Learnt),
        forward {
            let (h, _, c) = both(x, h0, c0, length = n);
            let (_, g) = stack(y, length = m);
            let (_, k) = before(h, length = n);
            (h, c, g, k)
        }
    }",
    // A table that is looked up twice and attended to twice.
    "(words: u32[5], kind: u32, x: [3, 18]) -> ([5, 21], [3, 21], [18]) {
        table: Embedding(21, 18, padding = 20), fc: Dense(18),
        forward { (table.attend(tanh(fc(table(words)))), sigmoid(table.attend(x)), table(kind)) }
    }",
    // Positions between layers, twice the same.
    "(x: [6, 5], y: [6, 5]) -> ([6, 5], [6, 17]) {
        p: Positions(l2 = 0.0625), fc: Dense(5), wide: Dense(17), q: Positions,
        forward { (tanh(p(fc(p(x) * y))), q(sinusoidal_positions(wide(y)))) }
    }",
];

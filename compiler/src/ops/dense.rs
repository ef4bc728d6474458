//! `Dense(outputs)` or `Dense(inputs, outputs)`: y = x W^T + b, as `torch.nn.Linear`.
//!
//! A sequence `[T, F]` is mapped step by step.

use super::operator::{Application, Operator};
use super::{activation, batch_norm, lower::Lower, parameter::Weights};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::pace::{Pace, Timing};
use crate::packing::{PackedAxis, Packing};
use crate::parameter::Parameter;
use crate::rt::{Kernel, kernels};
use crate::site::{Absorbed, Activation, Operand, Site};
use crate::storage::{Axis, LANES, Storage};

kernels! {
    INFER = dense::infer(s, x, w, start, out y);
    STEP = dense::step(s, x, w, start, out y);
    INFER_NORMAL = dense::infer_normal(s, x, w, start, lines, residual, out y);
    FORWARD = dense::forward(s, x, w, start, add y);
    TRANSPOSE = dense::transpose(s, w, first, out transposed);
    UPDATE = dense::update(s, x, dy, mut stretch);
    UPDATE_BIAS = dense::update_bias(s, dy, mut stretch);
}

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Inputs, where the user states them.
    pub inputs: Option<usize>,
    /// Outputs.
    pub outputs: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How weights begin and are penalised.
    pub weights: Weights,
}

impl Operator for Dense {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let inputs = (arguments.positional() > 1).then(|| arguments.size("inputs"));
        let inputs = inputs.or_else(|| arguments.optional_size("inputs"));
        let outputs = arguments.size("outputs");
        let bias = arguments.flag("bias", true);
        Self {
            inputs,
            outputs,
            bias,
            weights: Weights::declare(arguments, bias),
        }
    }

    /// `[.., F]` gives `[.., outputs]`, where `..` is nothing or the steps of a sequence.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let flat: usize = feed.shape.iter().product();
        let expected = match self.inputs {
            Some(stated) => format!("is declared for {stated} inputs"),
            None => "takes a vector [F] or a sequence [T, F]".to_string(),
        };
        let repair = match *feed.shape {
            [n] | [_, n] if self.inputs.is_none_or(|stated| stated == n) => {
                let mut shape = feed.shape.to_vec();
                shape.pop();
                shape.push(self.outputs);
                return Ok(shape);
            }
            [_] => "leave the number out and it is inferred".to_string(),
            [_, _] if self.inputs != Some(flat) => {
                "leave the number out and it is inferred".to_string()
            }
            _ => format!("put `Flatten` before it, which gives {flat}"),
        };
        Err(format!(
            "`{}` {expected}, but `{}` gives {:?}; {repair}",
            call.layer, feed.from, feed.shape
        ))
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.features()
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let fan_in = inputs[0].last().copied().unwrap_or(1);
        let init = self.weights.scheme.init(fan_in, self.outputs);
        let shape = vec![self.outputs, fan_in];
        let mut parameters = vec![self.weights.weight("weight", shape, init)];
        if self.bias {
            parameters.push(self.weights.bias("bias", self.outputs, fan_in));
        }
        self.weights.course.of(parameters)
    }

    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        let fan_in = inputs[0].last().copied().unwrap_or(1) as u64;
        output
            .iter()
            .fold(2 * fan_in + u64::from(self.bias), |flops, &size| {
                flops.saturating_mul(size as u64)
            })
    }
}

/// What the kernels are specialised to.
struct Sizes {
    /// Weights per output as the operand is stored, gaps included.
    k: usize,
    /// Outputs.
    n: usize,
    /// Panels of sixteen outputs.
    p: usize,
}

impl Dense {
    fn sizes(&self, input: &Storage, shape_len: usize) -> Sizes {
        let features = *input.shape.last().unwrap_or(&1);
        let k = match shape_len {
            1 if !input.is_compact() => input.floats(),
            1 => input.shape.iter().product(),
            _ => features,
        };
        Sizes {
            k,
            n: self.outputs,
            p: self.outputs.div_ceil(LANES),
        }
    }

    fn site_sizes(&self, site: &Site<'_>) -> Sizes {
        self.sizes(site.input(0), site.input_shape(0).len())
    }

    /// Where sums begin.
    fn start(&self, panels: usize) -> Argument<Slot> {
        let bias = || Argument::read(Slot::Parameter(1), Form::Cells(panels));
        Argument::Start(self.bias.then(|| Box::new(bias())))
    }

    /// Inference with what it absorbed.
    fn product_normal(&self, site: &Site<'_>, absorbed: Absorbed) -> Vec<Call<Slot>> {
        let Sizes { k, n, p } = self.site_sizes(site);
        let stride = site.row_stride(0);
        let residual = Size::Flag(absorbed.residual.is_some());
        let sizes = [Size::Isa, site.activation.into(), residual].into_iter();
        let sizes = sizes.chain([k, stride, n, p].map(Size::Number));
        let [x, y] = forms(site, stride, p);
        let (normalise, [lines, residual]) = batch_norm::absorbed(absorbed, y);
        let (rows, panels) = (k, p);
        let product = Call::of(&INFER_NORMAL, sizes)
            .read("x", Slot::Input(0), x)
            .read("w", Slot::Parameter(0), Form::Panels { rows, panels })
            .with("start", self.start(p))
            .with("lines", lines)
            .with("residual", residual)
            .write("y", Slot::Output, y);
        vec![normalise, product]
    }

    /// The form of y.
    fn result(&self, site: &Site<'_>) -> Form {
        let (rows, blocks) = (site.rows(0), self.site_sizes(site).p);
        Form::Rows { rows, blocks }
    }

    /// y = act(x W^T + b), up to y.
    fn product(&self, site: &Site<'_>, kernel: &'static Kernel) -> Call<Slot> {
        let Sizes { k, n, p } = self.site_sizes(site);
        let stride = site.row_stride(0);
        let activation = Size::from(site.activation);
        let sizes = [k, stride, n, p].map(Size::Number);
        let start = self.start(p);
        let [x, _] = forms(site, stride, p);
        let (rows, panels) = (k, p);
        Call::of(kernel, [Size::Isa, activation].into_iter().chain(sizes))
            .read("x", Slot::Input(0), x)
            .read("w", Slot::Parameter(0), Form::Panels { rows, panels })
            .with("start", start)
    }
}

/// Rows of so many floats on the side that is read, and of so many blocks on the other, one for each step.
fn forms(site: &Site<'_>, floats: usize, blocks: usize) -> [Form; 2] {
    let rows = site.rows(0);
    [Form::Floats { rows, floats }, Form::Rows { rows, blocks }]
}

impl Lower for Dense {
    fn absorbs_activation(&self) -> bool {
        true
    }

    fn absorbs_normal(&self) -> bool {
        true
    }

    /// A vector may lie anyhow: its weights are permuted instead. A sequence must lie in rows.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        match operand.shape.len() {
            1 => !operand.shared || operand.storage.is_compact(),
            _ => operand.lies_in_rows(),
        }
    }

    fn packing(&self, inputs: &[&Storage], output: &[usize]) -> Vec<Packing> {
        let Sizes { k, n, p } = self.sizes(inputs[0], output.len());
        let (offset, axes) = match output.len() {
            1 => inputs[0].axes(),
            _ => (0, vec![Axis { size: k, stride: 1 }]),
        };
        let inputs = axes
            .iter()
            .map(|axis| PackedAxis::plain(axis.size, axis.stride * LANES));
        let weight = Packing {
            offset: offset * LANES,
            axes: std::iter::once(PackedAxis::lanes(n, k))
                .chain(inputs)
                .collect(),
            blocks: k * p,
        };
        let bias = self.bias.then(|| Packing::bias(n));
        std::iter::once(weight).chain(bias).collect()
    }

    fn reads_floats(&self, operand: usize, _: &[usize]) -> bool {
        operand == 0
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        match site.absorbed {
            Some(absorbed) => self.product_normal(site, absorbed),
            None => {
                let product = self.product(site, &INFER);
                vec![product.write("y", Slot::Output, self.result(site))]
            }
        }
    }

    fn step(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let product = self.product(site, &STEP);
        vec![product.write("y", Slot::Output, self.result(site))]
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let product = self.product(site, &FORWARD);
        vec![product.add("y", Slot::Output, false, self.result(site))]
    }

    fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { k, n, .. } = self.site_sizes(site);
        let transpose = |_| transpose((0, k), n, 0);
        site.adds(0).map(transpose).into_iter().collect()
    }

    /// First dy becomes the delta before the activation, where the update finds it; then dx = dy W.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add: bool| {
            let Sizes { k, n, p } = self.site_sizes(site);
            let (q, stride) = (k.div_ceil(LANES), p * LANES);
            let identity = Size::from(Activation::IDENTITY);
            let sizes = [n, stride, k, q].map(Size::Number);
            let sizes = [Size::Isa, identity].into_iter().chain(sizes);
            let [x, y] = forms(site, stride, q);
            let (rows, panels) = (n, q);
            Call::of(&FORWARD, sizes)
                .read("x", Slot::Delta, x)
                .read("w", Slot::Transposed(0), Form::Panels { rows, panels })
                .with("start", Argument::Start(None))
                .add("y", Slot::InputDelta(0), add, y)
        };
        let through = activation::through(site);
        through.into_iter().chain(site.adds(0).map(down)).collect()
    }

    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        let Sizes { k, p, .. } = self.site_sizes(site);
        let stride = site.row_stride(0);
        let [x, dy] = forms(site, stride, p);
        Some(match index {
            0 => Gradient {
                kernel: &UPDATE,
                sizes: vec![Size::Isa, k.into(), stride.into(), p.into()],
                terms: vec![Term::of(
                    site.rows(0),
                    [("x", Slot::Input(0), x), ("dy", Slot::Delta, dy)],
                )],
                join: Join::Chain,
            },
            _ => bias_gradient(p, site.rows(0), Slot::Delta),
        })
    }
}

/// W^T as the panels that a chain of deltas reads: parameter `index`, of `k` inputs and `n` outputs, as transposed copy `to`.
pub fn transpose((index, k): (usize, usize), n: usize, to: usize) -> Call<Slot> {
    let (p, q) = (n.div_ceil(LANES), k.div_ceil(LANES));
    let (from, copy) = (
        Form::Panels { rows: k, panels: p },
        Form::Panels { rows: n, panels: q },
    );
    Call::of(&TRANSPOSE, [Size::Isa, k.into(), n.into(), p.into()])
        .read("w", Slot::Parameter(index), from)
        .with("first", Argument::FirstPanel)
        .write("transposed", Slot::Transposed(to), copy)
}

/// A bias of `p` blocks takes the sum of the rows of deltas, `rows` for a sample.
pub fn bias_gradient(p: usize, rows: usize, dy: Slot) -> Gradient<Slot> {
    let form = Form::Rows { rows, blocks: p };
    Gradient {
        kernel: &UPDATE_BIAS,
        sizes: vec![Size::Isa, p.into()],
        terms: vec![Term::of(rows, [("dy", dy, form)])],
        join: Join::Chain,
    }
}

//! A network as data, written as a `model!` for kiln and as JSON for its rivals.

use kiln_compiler::graph::{Graph, ValueId};

/// A network, and how it is trained.
#[derive(Clone, Debug)]
pub struct Network {
    /// A name that is a Rust module's.
    pub name: String,
    /// The shape of a sample.
    pub input: Vec<usize>,
    /// What it is made of.
    pub layers: Vec<Layer>,
    /// Samples of a batch, in inference and training.
    pub batch: usize,
    /// Whether it is trained by Adam; by plain gradient descent if not.
    pub adam: bool,
}

/// A layer in PyTorch's terms.
#[derive(Clone, Debug)]
pub enum Layer {
    Dense(usize),
    Relu,
    Tanh,
    Sigmoid,
    /// Rectified up to 6.
    Relu6,
    Silu,
    Gelu,
    Conv(Conv),
    /// Over the steps of a sequence.
    Conv1d(Conv),
    /// Transposed; with a kernel of twice the stride, and half of it as padding, it multiplies the sides by the stride.
    ConvTranspose(Conv),
    BatchNorm,
    /// Groups of channels, normalised.
    GroupNorm(usize),
    /// Each step normalised.
    FeatureNorm,
    MaxPool(usize),
    AvgPool(usize),
    /// Twice the height and width, interpolated.
    Upsample,
    GlobalAvgPool,
    Flatten,
    /// Hidden size, levels.
    Lstm(usize, usize),
    Last,
    /// The layers, the input added to their result, and `Relu`.
    Residual(Vec<Layer>),
}

/// A convolution with square kernel.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    /// Outputs.
    pub channels: usize,
    pub groups: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub bias: bool,
}

impl Conv {
    /// Outputs along an axis of so many pixels, if the kernel fits.
    fn outputs(&self, size: usize) -> Option<usize> {
        let room = (size + 2 * self.padding).checked_sub(self.kernel)?;
        Some(room / self.stride + 1)
    }

    /// Whether the groups divide the channels of both sides.
    fn divides(&self, inputs: usize) -> bool {
        inputs.is_multiple_of(self.groups) && self.channels.is_multiple_of(self.groups)
    }

    fn source(&self, kind: &str) -> String {
        format!(
            "{kind}({}, kernel = {}, stride = {}, padding = {}, groups = {}, bias = {})",
            self.channels, self.kernel, self.stride, self.padding, self.groups, self.bias
        )
    }

    fn json(&self, kind: &str) -> String {
        format!(
            r#"["{kind}", {}, {}, {}, {}, {}, {}]"#,
            self.channels, self.kernel, self.stride, self.padding, self.groups, self.bias
        )
    }
}

impl Network {
    /// The checked graph, if it is a valid network.
    pub fn graph(&self) -> Option<Graph> {
        // An output's shape is stated in a `struct`: the message about a wrong one is not needed to find the right one.
        let source = self.source("Drawn", &self.output()?);
        kiln_compiler::graphs(source.parse().ok()?).ok()?.pop()
    }

    /// The shape of an answer, if shapes fit.
    fn output(&self) -> Option<Vec<usize>> {
        self.layers
            .iter()
            .try_fold(self.input.clone(), |shape, layer| layer.shape(shape))
    }

    /// Whether it is a classifier, trained by cross-entropy; by the mean of squared errors if not.
    fn classifies(&self) -> bool {
        matches!(self.layers.last(), Some(Layer::Dense(10))) && self.output() == Some(vec![10])
    }

    /// Its declaration.
    fn source(&self, name: &str, output: &[usize]) -> String {
        let mut blocks = String::new();
        let layers = chain(&self.layers, &mut blocks);
        format!(
            "{blocks}pub struct {name}(x: {:?}) -> {output:?} {{ {layers} }}",
            self.input
        )
    }

    /// A module that declares it.
    pub fn module(&self) -> String {
        let output = self.output().unwrap_or_default();
        let source = self.source("Net", &output);
        format!(
            "mod {} {{\n    kiln::model! {{ {source} }}\n}}\n",
            self.name
        )
    }

    /// What the bench needs of it.
    pub fn case(&self) -> String {
        let loss = if self.classifies() {
            "cross_entropy"
        } else {
            "mse"
        };
        let optimizer = if self.adam { "adam" } else { "sgd" };
        format!(
            "Case {{ operations: {name}::Net::FLOPS, parameters: {name}::Net::PARAMS, \
             measure: |mode, threads| measure::<{name}::Net, _, _, _>(mode, threads, {}, {loss}(), {optimizer}()) }}",
            self.batch,
            name = self.name
        )
    }

    /// The same for the rivals.
    pub fn json(&self) -> String {
        format!(
            r#"{{"name": "{}", "input": {:?}, "layers": {}, "batch": {}, "adam": {}, "classifies": {}}}"#,
            self.name,
            self.input,
            list(&self.layers),
            self.batch,
            self.adam,
            self.classifies()
        )
    }

    /// Operations of one sample, and numbers it learns.
    pub fn cost(&self) -> Option<(u64, usize)> {
        let graph = self.graph()?;
        let shape = |value: ValueId| &graph.values[value.0].shape[..];
        let operations = graph
            .nodes
            .iter()
            .map(|node| {
                let inputs: Vec<&[usize]> = node.inputs.iter().map(|&input| shape(input)).collect();
                node.op.flops(&inputs, shape(node.output))
            })
            .sum();
        let learnt = graph
            .layers
            .iter()
            .flat_map(|layer| &layer.parameters)
            .map(|parameter| parameter.shape.iter().product::<usize>())
            .sum();
        Some((operations, learnt))
    }

    /// Numbers of the caller's for one sample: its input and its answer.
    pub fn border(&self) -> usize {
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        count(&self.input) + self.output().map_or(0, |output| count(&output))
    }
}

/// The layers of a chain as `model!` reads them; residual ones are blocks, which are declared before.
fn chain(layers: &[Layer], blocks: &mut String) -> String {
    let words = layers.iter().map(|layer| layer.source(blocks));
    words.collect::<Vec<_>>().join(", ")
}

fn list(layers: &[Layer]) -> String {
    format!(
        "[{}]",
        layers
            .iter()
            .map(Layer::json)
            .collect::<Vec<_>>()
            .join(", ")
    )
}

impl Layer {
    fn source(&self, blocks: &mut String) -> String {
        match self {
            Self::Dense(outputs) => format!("Dense({outputs})"),
            Self::Relu => "Relu".into(),
            Self::Tanh => "Tanh".into(),
            Self::Sigmoid => "Sigmoid".into(),
            Self::Relu6 => "Relu6".into(),
            Self::Silu => "Silu".into(),
            Self::Gelu => "Gelu".into(),
            Self::Conv(conv) => conv.source("Conv2d"),
            Self::Conv1d(conv) => conv.source("Conv1d"),
            Self::ConvTranspose(conv) => conv.source("ConvTranspose2d"),
            Self::BatchNorm => "BatchNorm".into(),
            Self::GroupNorm(groups) => format!("GroupNorm({groups})"),
            Self::FeatureNorm => "LayerNorm".into(),
            Self::MaxPool(size) => format!("MaxPool2d({size})"),
            Self::AvgPool(size) => format!("AvgPool2d({size})"),
            Self::Upsample => "Upsample(2, mode = Bilinear)".into(),
            Self::GlobalAvgPool => "GlobalAvgPool".into(),
            Self::Flatten => "Flatten".into(),
            Self::Lstm(hidden, levels) => format!("Lstm({hidden}, layers = {levels})"),
            Self::Last => "Last".into(),
            Self::Residual(body) => {
                let body = chain(body, blocks);
                let name = format!("Residual{}", blocks.matches("block ").count());
                *blocks += &format!(
                    "block {name}(x) {{ body: {{ {body} }}, forward {{ relu(body(x) + x) }} }}\n"
                );
                format!("{name}<>")
            }
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Dense(outputs) => format!(r#"["dense", {outputs}]"#),
            Self::Relu => r#"["relu"]"#.into(),
            Self::Tanh => r#"["tanh"]"#.into(),
            Self::Sigmoid => r#"["sigmoid"]"#.into(),
            Self::Relu6 => r#"["relu6"]"#.into(),
            Self::Silu => r#"["silu"]"#.into(),
            Self::Gelu => r#"["gelu"]"#.into(),
            Self::Conv(conv) => conv.json("conv"),
            Self::Conv1d(conv) => conv.json("conv1d"),
            Self::ConvTranspose(conv) => conv.json("conv_transpose"),
            Self::BatchNorm => r#"["norm"]"#.into(),
            Self::GroupNorm(groups) => format!(r#"["group_norm", {groups}]"#),
            Self::FeatureNorm => r#"["layer_norm"]"#.into(),
            Self::MaxPool(size) => format!(r#"["max_pool", {size}]"#),
            Self::AvgPool(size) => format!(r#"["avg_pool", {size}]"#),
            Self::Upsample => r#"["upsample"]"#.into(),
            Self::GlobalAvgPool => r#"["average"]"#.into(),
            Self::Flatten => r#"["flatten"]"#.into(),
            Self::Lstm(hidden, levels) => format!(r#"["lstm", {hidden}, {levels}]"#),
            Self::Last => r#"["last"]"#.into(),
            Self::Residual(body) => format!(r#"["residual", {}]"#, list(body)),
        }
    }

    /// The shape that it makes of one, or nothing where it does not fit.
    fn shape(&self, shape: Vec<usize>) -> Option<Vec<usize>> {
        Some(match (self, &shape[..]) {
            (Self::Dense(outputs), [.., _]) => {
                let mut shape = shape;
                *shape.last_mut()? = *outputs;
                shape
            }
            (Self::Conv(conv), &[channels, height, width]) if conv.divides(channels) => {
                vec![conv.channels, conv.outputs(height)?, conv.outputs(width)?]
            }
            (Self::Conv1d(conv), &[steps, features]) if conv.divides(features) => {
                vec![conv.outputs(steps)?, conv.channels]
            }
            (Self::ConvTranspose(conv), &[channels, height, width]) if conv.divides(channels) => {
                let side = |size: usize| {
                    ((size - 1) * conv.stride + conv.kernel).checked_sub(2 * conv.padding)
                };
                vec![conv.channels, side(height)?, side(width)?]
            }
            (Self::MaxPool(size) | Self::AvgPool(size), &[channels, height, width])
                if height.min(width) >= *size =>
            {
                vec![channels, height / size, width / size]
            }
            (Self::Upsample, &[channels, height, width]) => vec![channels, 2 * height, 2 * width],
            (Self::GroupNorm(groups), &[channels, ..]) if channels % groups == 0 => shape,
            (Self::FeatureNorm, &[_] | &[_, _]) => shape,
            (Self::GlobalAvgPool, &[channels, _, _]) => vec![channels],
            (Self::Flatten, shape) => vec![shape.iter().product()],
            (Self::Lstm(hidden, _), &[steps, _]) => vec![steps, *hidden],
            (Self::Last, &[_, features]) => vec![features],
            (Self::Residual(body), _) => {
                let after = body
                    .iter()
                    .try_fold(shape.clone(), |shape, layer| layer.shape(shape))?;
                (after == shape).then_some(after)?
            }
            (Self::Relu | Self::Relu6 | Self::Silu | Self::Gelu, _) => shape,
            (Self::Tanh | Self::Sigmoid | Self::BatchNorm, _) => shape,
            _ => return None,
        })
    }
}

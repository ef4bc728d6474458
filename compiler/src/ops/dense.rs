//! `Dense(outputs)` or `Dense(inputs, outputs)`: y = x W^T + b, as `torch.nn.Linear`.
//!
//! A sequence `[T, F]` is mapped step by step.

use super::lower::{Geometry, Lower, Operand, Uses};
use super::{Call, Operator, parameter::Weights};
use crate::emit::site::Site;
use crate::layout::{PackedAxis, Packing};
use crate::program::Slot;
use crate::storage::{Axis, LANES, Storage};
use crate::{arguments::Arguments, graph::Parameter, rt};
use proc_macro2::TokenStream;
use quote::quote;

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
        Self {
            inputs: inputs.or_else(|| arguments.optional_size("inputs")),
            outputs: arguments.size("outputs"),
            bias: arguments.flag("bias", true),
            weights: Weights::declare(arguments),
        }
    }

    /// `[.., F]` gives `[.., outputs]`, where `..` is nothing or the steps of a sequence.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
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

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let fan_in = inputs[0].last().copied().unwrap_or(1);
        let mut parameters = vec![Parameter {
            name: "weight".into(),
            shape: vec![self.outputs, fan_in],
            init: self.weights.init(fan_in, self.outputs),
            l1: self.weights.l1,
            l2: self.weights.l2,
        }];
        if self.bias {
            parameters.push(Parameter::bias("bias", self.outputs, fan_in));
        }
        parameters
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

    /// y = act(x W^T + b) by the kernel `path`.
    fn product(&self, site: &Site<'_>, path: &TokenStream) -> TokenStream {
        let Sizes { k, n, p } = self.site_sizes(site);
        let (x, stride) = site.float_rows(0, "x");
        let activation = site.activation();
        let (panels, cells, blocks_mut) = (rt::panels(), rt::cells(), rt::blocks_mut());
        let weight = site.tensor(0).offset;
        let start = if self.bias {
            let offset = site.tensor(1).offset;
            quote!(rt::Start::Bias(#cells::<#p>(parameters, #offset)))
        } else {
            quote!(rt::Start::Zero)
        };
        let body = quote! {
            #path::<S, #activation, #k, #stride, #n, #p>(
                s, #x, #panels::<#k, #p>(parameters, #weight), #start, #blocks_mut::<#p>(y),
            );
        };
        site.step(&[("x", Slot::Input(0)), ("y", Slot::Output)], &body)
    }
}

impl Lower for Dense {
    fn absorbs_activation(&self) -> bool {
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
        let rows = output.iter().product::<usize>() / self.outputs;
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
            cost: rows,
        };
        let bias = self.bias.then(|| Packing::bias(n, rows));
        std::iter::once(weight).chain(bias).collect()
    }

    fn transposed(&self, geometry: &Geometry<'_>, deltas: bool) -> Vec<usize> {
        let Sizes { k, n, .. } = self.sizes(geometry.inputs[0], geometry.input_shapes[0].len());
        deltas.then(|| k.div_ceil(LANES) * n).into_iter().collect()
    }

    fn uses(&self) -> Uses {
        Uses {
            backward_output: true,
            update_inputs: true,
            update_delta: true,
            ..Uses::default()
        }
    }

    fn reads_floats(&self, _: usize, _: &[usize]) -> bool {
        true
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        self.product(site, &rt::dense_infer())
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        self.product(site, &rt::dense_forward())
    }

    fn transpose(&self, site: &Site<'_>) -> TokenStream {
        let Sizes { k, n, p } = self.site_sizes(site);
        let q = k.div_ceil(LANES);
        let (weight, offset) = (site.tensor(0).offset, site.bindings().transposed[0]);
        let (path, panels, panels_mut) = (rt::dense_transpose(), rt::panels(), rt::panels_mut());
        quote! {
            #path::<S, #k, #n, #p>(
                s, #panels::<#k, #p>(parameters, #weight), 0, #panels_mut::<#n, #q>(transposed, #offset),
            );
        }
    }

    /// First dy becomes the delta before the activation, where phase two finds it; then dx = dy W.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let through = site.through_activation();
        let product = site.adds(0).map(|add| {
            let Sizes { k, n, p } = self.site_sizes(site);
            let q = k.div_ceil(LANES);
            let offset = site.bindings().transposed[0];
            let (path, panels) = (rt::dense_forward(), rt::panels());
            let (rows, blocks_mut) = (rt::rows(), rt::blocks_mut());
            let stride = p * LANES;
            let start = if add { quote!(Add) } else { quote!(Zero) };
            let body = quote! {
                #path::<S, rt::Identity, #n, #stride, #k, #q>(
                    s, #rows::<#stride>(dy), #panels::<#n, #q>(transposed, #offset), rt::Start::#start,
                    #blocks_mut::<#q>(dx),
                );
            };
            site.step(&[("dy", Slot::Delta), ("dx", Slot::InputDelta(0))], &body)
        });
        quote!(#through #product)
    }

    fn update(&self, sites: &[Site<'_>], index: usize) -> TokenStream {
        let Sizes { k, p, .. } = self.site_sizes(&sites[0]);
        let (_, stride) = sites[0].row_stride(0);
        if index == 0 {
            let path = rt::dense_update();
            let rows = Site::chain(sites, |site| {
                site.row_pairs(Slot::Input(0), stride, Slot::Delta, p)
            });
            quote!(#path::<S, #k, #stride, #p>(s, #rows, &mut stretch);)
        } else {
            let path = rt::dense_update_bias();
            let rows = Site::chain(sites, |site| site.row_blocks(Slot::Delta, p));
            quote!(#path::<S, #p>(s, #rows, &mut stretch);)
        }
    }
}

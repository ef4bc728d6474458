//! The back end of a convolution: which storages it reads, what it saves, and the kernels it calls.

use super::Conv2d;
use crate::emit::image::{self, Image};
use crate::emit::site::{Site, pairwise};
use crate::fuse::Pooling;
use crate::layout::{PackedAxis, Packing};
use crate::ops::lower::{Geometry, Lower, Operand, Uses};
use crate::ops::window::Padding;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Border, Form, LANES, Storage};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;

/// Images of fewer channels stay planar where nothing flows back to them: channels last would be mostly padding.
const FEW_CHANNELS: usize = 8;

/// What the kernels are specialised to.
struct Sizes {
    /// The operand's layout.
    x: TokenStream,
    /// The result's layout.
    y: TokenStream,
    /// The window.
    taps: TokenStream,
    /// Weights per output.
    k: usize,
    /// Panels of sixteen outputs.
    p: usize,
    /// Blocks of a result.
    ys: usize,
}

impl Conv2d {
    fn depth(&self, channels: usize) -> usize {
        channels * self.window.kernel.0 * self.window.kernel.1
    }

    /// Outputs along both axes before pooling.
    fn outputs(&self, input: &Storage) -> (usize, usize) {
        let [_, height, width] = image::of(input).shape;
        self.window.places((height, width))
    }

    fn sizes(&self, site: &Site<'_>) -> Sizes {
        Sizes {
            x: image::layout(site.input(0)),
            y: image::layout(site.output()),
            taps: image::taps(&self.window),
            k: self.depth(site.input_shape(0)[0]),
            p: self.channels.div_ceil(LANES),
            ys: site.output().blocks(),
        }
    }

    /// The delta before activation and pooling: the outputs that exist in memory, and as many zeros around them as
    /// the operand's gradient reads.
    fn delta(&self, geometry: &Geometry<'_>, deltas: bool) -> Image {
        let (input, [_, height, width]) = (geometry.inputs[0], image::of(geometry.output).shape);
        let (rows, columns) = match geometry.pooling {
            Some(pooling) => (height * pooling.kernel.0, width * pooling.kernel.1),
            None => (height, width),
        };
        let mut border = Border::default();
        if deltas {
            let [_, height, width] = image::of(input).shape;
            let [vertical, horizontal] = self.window.overhang((height, width), (rows, columns));
            border.top = usize::from(vertical != (0, 0));
            (border.left, border.right) = horizontal;
        }
        Image {
            shape: [self.channels, rows, columns],
            border,
        }
    }

    fn site_delta(&self, site: &Site<'_>) -> Image {
        let deltas = site.adds(0).is_some();
        site.layout
            .with_geometry(site.stage(), |geometry| self.delta(geometry, deltas))
    }

    /// Weights and bias as the kernels take them.
    fn weights(&self, site: &Site<'_>, sizes: &Sizes) -> TokenStream {
        let (panels, cells) = (rt::panels(), rt::cells());
        let (k, p, weight) = (sizes.k, sizes.p, site.tensor(0).offset);
        let bias = if self.bias {
            let offset = site.tensor(1).offset;
            quote!(#cells::<#p>(parameters, #offset))
        } else {
            quote!(&[rt::Block::ZERO; #p])
        };
        quote!(#panels::<#k, #p>(parameters, #weight), #bias)
    }

    /// A call of a forward kernel: its name and sizes, and its operands up to the result.
    fn call(&self, site: &Site<'_>, path: &TokenStream) -> (TokenStream, TokenStream) {
        let sizes = self.sizes(site);
        let (samples, xs) = site.samples(0, "x");
        let (activation, weights) = (site.activation(), self.weights(site, &sizes));
        // Windows of one output are no pool.
        let (ph, pw) = site
            .stage()
            .pooling
            .map_or((1, 1), |pooling| pooling.kernel);
        let (x, y, taps, blocks_mut) = (&sizes.x, &sizes.y, &sizes.taps, rt::blocks_mut());
        let (k, p, ys) = (sizes.k, sizes.p, sizes.ys);
        (
            quote!(#path::<S, #activation, #taps, #x, #y, #ph, #pw, #xs, #k, #p, #ys),
            quote!(s, #samples, #weights, #blocks_mut::<#ys>(y)),
        )
    }
}

impl Lower for Conv2d {
    fn absorbs_activation(&self) -> bool {
        true
    }

    /// Windows side by side: every output feeds one of them at most.
    fn absorbs_pooling(&self, pooling: &Pooling) -> bool {
        pooling.kernel == pooling.stride && pooling.padding == (0, 0)
    }

    fn border(&self, _: usize) -> Border {
        let Padding {
            top,
            bottom,
            left,
            right,
        } = self.window.padding;
        Border {
            top,
            bottom,
            left,
            right,
        }
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        let own = operand.storage.shape == operand.shape;
        let padding = self.border(0);
        own && match operand.storage.form {
            Form::Image(border) => {
                border.contains(padding) && (!operand.shared || border == padding)
            }
            Form::Planar(border) => border.contains(padding) && !operand.learns && !operand.shared,
            Form::Flat => {
                padding == Border::default()
                    && !operand.learns
                    && !operand.shared
                    && operand.shape[0] < FEW_CHANNELS
            }
            Form::Steps => false,
        }
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        let form = match operand.shape[0] < FEW_CHANNELS && !operand.learns && !operand.shared {
            true => Form::Planar(self.border(0)),
            false if operand.shared => Form::Image(self.border(0)),
            false => Form::Image(border.union(self.border(0))),
        };
        Storage {
            shape: operand.shape.to_vec(),
            form,
        }
    }

    fn packing(&self, inputs: &[&Storage], _: &[usize]) -> Vec<Packing> {
        let channels = image::of(inputs[0]).shape[0];
        let (kernel, (rows, columns)) = (self.window.kernel, self.outputs(inputs[0]));
        let (k, p) = (self.depth(channels), self.channels.div_ceil(LANES));
        let weight = Packing {
            offset: 0,
            axes: vec![
                PackedAxis::lanes(self.channels, k),
                PackedAxis::plain(channels, LANES),
                PackedAxis::plain(kernel.0, kernel.1 * channels * LANES),
                PackedAxis::plain(kernel.1, channels * LANES),
            ],
            blocks: k * p,
            cost: rows * columns,
        };
        let bias = self
            .bias
            .then(|| Packing::bias(self.channels, rows * columns));
        std::iter::once(weight).chain(bias).collect()
    }

    /// Which position of each window won.
    fn saved(&self, geometry: &Geometry<'_>) -> Vec<usize> {
        let winners = |pooling: Pooling| image::winner_blocks(geometry.output, pooling.kernel);
        geometry.pooling.map(winners).into_iter().collect()
    }

    /// The delta before activation and pooling.
    fn kept(&self, geometry: &Geometry<'_>, deltas: bool) -> Vec<usize> {
        vec![self.delta(geometry, deltas).blocks()]
    }

    fn transposed(&self, geometry: &Geometry<'_>, deltas: bool) -> Vec<usize> {
        let channels = geometry.input_shapes[0][0];
        let blocks = self.depth(1) * self.channels * channels.div_ceil(LANES);
        deltas.then_some(blocks).into_iter().collect()
    }

    fn uses(&self) -> Uses {
        Uses {
            backward_output: true,
            update_inputs: true,
            ..Uses::default()
        }
    }

    fn reads_floats(&self, _: usize, _: &[usize]) -> bool {
        true
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        let (kernel, operands) = self.call(site, &rt::conv2d_forward());
        let names = [("x", Slot::Input(0)), ("y", Slot::Output)];
        site.step(&names, &quote!(#kernel>(#operands);))
    }

    /// A pool's winners are kept for backward.
    fn forward(&self, site: &Site<'_>) -> TokenStream {
        if site.stage().pooling.is_none() {
            return self.infer(site);
        }
        let (kernel, operands) = self.call(site, &rt::conv2d_forward_winners());
        let (ws, blocks_mut) = (image::blocks(site, Slot::Saved(0)), rt::blocks_mut());
        let names = [
            ("x", Slot::Input(0)),
            ("y", Slot::Output),
            ("winners", Slot::Saved(0)),
        ];
        let body = quote!(#kernel, #ws>(#operands, #blocks_mut::<#ws>(winners)););
        site.step(&names, &body)
    }

    fn transpose(&self, site: &Site<'_>) -> TokenStream {
        let Sizes { k, p, .. } = self.sizes(site);
        let (inputs, outputs) = (site.input_shape(0)[0], self.channels);
        let (kt, q) = (self.depth(1) * outputs, inputs.div_ceil(LANES));
        let (weight, offset) = (site.tensor(0).offset, site.bindings().transposed[0]);
        let (path, panels, panels_mut) = (rt::conv2d_transpose(), rt::panels(), rt::panels_mut());
        quote! {
            #path::<S, #inputs, #outputs, #k, #p, #kt, #q>(
                s, #panels::<#k, #p>(parameters, #weight), #panels_mut::<#kt, #q>(transposed, #offset),
            );
        }
    }

    /// First the delta before activation and pooling, which phase two finds again; then dx.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let Sizes { x, y, taps, ys, .. } = self.sizes(site);
        let delta = self.site_delta(site);
        let (d, ds) = (delta.channel_last(), delta.blocks());
        let (activation, blocks, blocks_mut) = (site.activation(), rt::blocks(), rt::blocks_mut());
        let made = match site.stage().pooling {
            Some(Pooling {
                kernel: (ph, pw), ..
            }) => {
                let (path, ws) = (
                    rt::conv2d_delta_pooled(),
                    image::blocks(site, Slot::Saved(0)),
                );
                let body = quote! {
                    #path::<S, #activation, #y, #y, #d, #ph, #pw, #ys, #ys, #ws, #ds>(
                        s, #blocks::<#ys>(y), #blocks::<#ys>(dy), #blocks::<#ws>(winners), #blocks_mut::<#ds>(delta),
                    );
                };
                let names = [
                    ("y", Slot::Output),
                    ("dy", Slot::Delta),
                    ("winners", Slot::Saved(0)),
                    ("delta", Slot::Kept(0)),
                ];
                site.step(&names, &body)
            }
            None => {
                let path = rt::conv2d_delta();
                let body = quote! {
                    #path::<S, #activation, #y, #y, #d, #ys, #ys, #ds>(
                        s, #blocks::<#ys>(y), #blocks::<#ys>(dy), #blocks_mut::<#ds>(delta),
                    );
                };
                site.step(
                    &[
                        ("y", Slot::Output),
                        ("dy", Slot::Delta),
                        ("delta", Slot::Kept(0)),
                    ],
                    &body,
                )
            }
        };
        let down = site.adds(0).map(|add| {
            let (kt, q) = (self.depth(1) * self.channels, site.input_shape(0)[0].div_ceil(LANES));
            let (offset, xs) = (site.bindings().transposed[0], site.input(0).blocks());
            let (path, panels) = (rt::conv2d_input_gradient(), rt::panels());
            let body = quote! {
                #path::<S, #taps, #d, #x, #add, #ds, #kt, #q, #xs>(
                    s, #blocks::<#ds>(delta), #panels::<#kt, #q>(transposed, #offset), #blocks_mut::<#xs>(dx),
                );
            };
            site.step(&[("delta", Slot::Kept(0)), ("dx", Slot::InputDelta(0))], &body)
        });
        quote!(#made #down)
    }

    fn update(&self, sites: &[Site<'_>], index: usize) -> TokenStream {
        let path = match index {
            0 => rt::conv2d_weight_gradient(),
            _ => rt::conv2d_bias_gradient(),
        };
        let calls = self.calls(sites);
        quote!(#path(s, #calls, &mut stretch);)
    }
}

impl Conv2d {
    /// What the sites leave for the gradients: those of equal layouts one after another, others in pairs with the rest.
    fn calls(&self, sites: &[Site<'_>]) -> TokenStream {
        let mut kinds: Vec<(TokenStream, Vec<Site<'_>>)> = Vec::new();
        let mut known = BTreeMap::new();
        for &site in sites {
            let (Sizes { x, taps, .. }, delta) = (self.sizes(&site), self.site_delta(&site));
            let (d, ds, xs) = (delta.channel_last(), delta.blocks(), site.input(0).floats());
            let kind = quote!(#taps, #x, #d, _, #xs, #ds);
            let index = *known.entry(kind.to_string()).or_insert(kinds.len());
            match kinds.get_mut(index) {
                Some((_, alike)) => alike.push(site),
                None => kinds.push((kind, vec![site])),
            }
        }
        let path = rt::conv2d_call();
        let calls = kinds.into_iter().map(|(kind, alike)| {
            let samples = Site::chain(&alike, |site| {
                let (xs, ds) = (site.input(0).floats(), self.site_delta(site).blocks());
                site.row_pairs(Slot::Input(0), xs, Slot::Kept(0), ds)
            });
            quote!(#path::<#kind>(#samples))
        });
        pairwise(calls.collect(), |first, second| quote!((#first, #second)))
    }
}

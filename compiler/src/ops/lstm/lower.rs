//! The back end of a level of LSTM: which storages it reads, what it saves, and the kernels it calls.

use super::Lstm;
use crate::emit::site::Site;
use crate::layout::{PackedAxis, Packing};
use crate::ops::lower::{Geometry, Lower, Operand, Uses};
use crate::program::Slot;
use crate::rt;
use crate::storage::{LANES, Storage};
use proc_macro2::TokenStream;
use quote::quote;

/// What the kernels are specialised to.
struct Sizes {
    /// Steps.
    t: usize,
    /// Features of a step.
    i: usize,
    /// Floats from step to step of the operand.
    ks: usize,
    /// Units.
    h: usize,
    /// Blocks of units.
    b: usize,
    /// Panels of gates.
    p: usize,
    /// Floats of gates.
    n: usize,
}

impl Lstm {
    fn panels(&self) -> usize {
        4 * self.hidden.div_ceil(LANES)
    }

    fn sizes(&self, site: &Site<'_>) -> Sizes {
        let [t, i] = *site.input_shape(0) else {
            unreachable!("shape rules let only sequences pass")
        };
        let (h, p) = (self.hidden, self.panels());
        let (_, ks) = site.row_stride(0);
        Sizes {
            t,
            i,
            ks,
            h,
            b: p / 4,
            p,
            n: p * LANES,
        }
    }

    /// The parameters as the kernels take them.
    fn weights(&self, site: &Site<'_>) -> TokenStream {
        let Sizes { i, h, p, .. } = self.sizes(site);
        let (panels, cells, path) = (rt::panels(), rt::cells(), rt::lstm_weights());
        let offset = |index: usize| site.tensor(index).offset;
        let (input, recurrent) = (offset(0), offset(1));
        let bias = |index: usize| match self.bias {
            true => {
                let offset = offset(index);
                quote!(#cells::<#p>(parameters, #offset))
            }
            false => quote!(&[rt::Block::ZERO; #p]),
        };
        let (input_bias, recurrent_bias) = (bias(2), bias(3));
        quote! {
            #path {
                input: #panels::<#i, #p>(parameters, #input),
                recurrent: #panels::<#h, #p>(parameters, #recurrent),
                input_bias: #input_bias,
                recurrent_bias: #recurrent_bias,
            }
        }
    }

    /// A forward kernel with its sizes.
    fn kernel(&self, site: &Site<'_>, path: &TokenStream) -> TokenStream {
        let sizes = self.sizes(site);
        let (t, i, ks, h) = (sizes.t, sizes.i, sizes.ks, sizes.h);
        let (b, p, n) = (sizes.b, sizes.p, sizes.n);
        quote!(#path::<S, #t, #i, #ks, #h, #b, #p, #n>)
    }

    /// The operand as sequences of `t` rows.
    fn sequences(&self, site: &Site<'_>) -> TokenStream {
        let ((rows, ks), t) = (site.float_rows(0, "x"), self.sizes(site).t);
        let path = rt::sequences();
        quote!(#path::<#t, [f32; #ks]>(#rows))
    }
}

impl Lower for Lstm {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.lies_in_rows()
    }

    /// The gates of sixteen units are neighbours: panel `4 * (unit / 16) + gate`.
    fn packing(&self, inputs: &[&Storage], output: &[usize]) -> Vec<Packing> {
        let (panels, steps) = (self.panels(), output[0]);
        let features = inputs[0].shape.last().copied().unwrap_or(1);
        let packing = |k: usize, inner: Option<PackedAxis>| Packing {
            offset: 0,
            axes: [
                PackedAxis::plain(4, k * LANES),
                PackedAxis::lanes(self.hidden, 4 * k),
            ]
            .into_iter()
            .chain(inner)
            .collect(),
            blocks: k * panels,
            cost: steps,
        };
        let weight = |k: usize| packing(k, Some(PackedAxis::plain(k, LANES)));
        let mut packings = vec![weight(features), weight(self.hidden)];
        if self.bias {
            packings.extend([packing(1, None), packing(1, None)]);
        }
        packings
    }

    /// The gates and the cells of every step.
    fn saved(&self, geometry: &Geometry<'_>) -> Vec<usize> {
        let steps = geometry.output_shape[0];
        vec![steps * self.panels(), steps * self.panels() / 4]
    }

    /// The gates of every step.
    fn scratch(&self, geometry: &Geometry<'_>) -> Vec<usize> {
        vec![geometry.output_shape[0] * self.panels()]
    }

    fn transposed(&self, geometry: &Geometry<'_>, deltas: bool) -> Vec<usize> {
        let (gates, features) = (self.panels() * LANES, geometry.input_shapes[0][1]);
        let recurrent = gates * self.hidden.div_ceil(LANES);
        std::iter::once(recurrent)
            .chain(deltas.then(|| gates * features.div_ceil(LANES)))
            .collect()
    }

    fn uses(&self) -> Uses {
        Uses {
            update_inputs: true,
            update_output: true,
            update_saved: true,
            ..Uses::default()
        }
    }

    fn reads_floats(&self, _: usize, _: &[usize]) -> bool {
        true
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        let (kernel, Sizes { t, b, p, .. }) =
            (self.kernel(site, &rt::lstm_infer()), self.sizes(site));
        let (x, weights, steps_mut) = (self.sequences(site), self.weights(site), rt::steps_mut());
        let body = quote! {
            #kernel(s, #x, #weights, #steps_mut::<#t, #p>(gates), #steps_mut::<#t, #b>(y));
        };
        let names = [
            ("x", Slot::Input(0)),
            ("gates", Slot::Scratch(0)),
            ("y", Slot::Output),
        ];
        site.step(&names, &body)
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (kernel, Sizes { t, b, p, .. }) =
            (self.kernel(site, &rt::lstm_forward()), self.sizes(site));
        let (x, weights, steps_mut) = (self.sequences(site), self.weights(site), rt::steps_mut());
        let body = quote! {
            #kernel(
                s, #x, #weights, #steps_mut::<#t, #p>(gates), #steps_mut::<#t, #b>(cells), #steps_mut::<#t, #b>(y),
            );
        };
        let names = [
            ("x", Slot::Input(0)),
            ("gates", Slot::Saved(0)),
            ("cells", Slot::Saved(1)),
            ("y", Slot::Output),
        ];
        site.step(&names, &body)
    }

    fn transpose(&self, site: &Site<'_>) -> TokenStream {
        let Sizes { i, h, b, p, n, .. } = self.sizes(site);
        let (path, panels, panels_mut) = (rt::dense_transpose(), rt::panels(), rt::panels_mut());
        let transpose = |tensor: usize, k: usize, q: usize, to: usize| {
            let from = site.tensor(tensor).offset;
            quote! {
                #path::<S, #k, #n, #p>(
                    s, #panels::<#k, #p>(parameters, #from), 0, #panels_mut::<#n, #q>(transposed, #to),
                );
            }
        };
        let places = &site.bindings().transposed;
        let recurrent = transpose(1, h, b, places[0]);
        let input = places
            .get(1)
            .map(|&to| transpose(0, i, i.div_ceil(LANES), to));
        quote!(#recurrent #input)
    }

    /// Back through time the gates become their deltas, where phase two finds them; then dx = dz W_ih.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let Sizes {
            t, i, h, b, p, n, ..
        } = self.sizes(site);
        let places = &site.bindings().transposed;
        let (path, panels, steps, steps_mut) = (
            rt::lstm_backward(),
            rt::panels(),
            rt::steps(),
            rt::steps_mut(),
        );
        let to = places[0];
        let through_time = quote! {
            #path::<S, #t, #h, #b, #p, #n>(
                s, #panels::<#n, #b>(transposed, #to), #steps::<#t, #b>(cells), #steps::<#t, #b>(dy),
                #steps_mut::<#t, #p>(gates),
            );
        };
        let names = [
            ("cells", Slot::Saved(1)),
            ("dy", Slot::Delta),
            ("gates", Slot::Saved(0)),
        ];
        let through_time = site.step(&names, &through_time);
        let down = site.adds(0).map(|add| {
            let (q, to) = (i.div_ceil(LANES), places[1]);
            let path = rt::lstm_input_gradient();
            let body = quote! {
                #path::<S, #t, #i, #p, #n, #q, #add>(
                    s, #steps::<#t, #p>(gates), #panels::<#n, #q>(transposed, #to), #steps_mut::<#t, #q>(dx),
                );
            };
            site.step(&[("gates", Slot::Saved(0)), ("dx", Slot::InputDelta(0))], &body)
        });
        quote!(#through_time #down)
    }

    fn update(&self, sites: &[Site<'_>], index: usize) -> TokenStream {
        let Sizes { i, ks, h, b, p, .. } = self.sizes(&sites[0]);
        let (k, width, rows) = match index {
            0 => {
                let rows = Site::chain(sites, |site| {
                    site.row_pairs(Slot::Input(0), ks, Slot::Saved(0), p)
                });
                (i, ks, rows)
            }
            1 => {
                let (path, pairs) = (rt::lstm_recurrent_rows(), rt::step_pairs());
                let hidden = b * LANES;
                let rows = Site::chain(sites, |site| {
                    let Sizes { t, .. } = self.sizes(site);
                    let ((y, y_blocks), (dz, dz_blocks)) =
                        (site.place(Slot::Output), site.place(Slot::Saved(0)));
                    quote! {
                        #path::<#t, #b, #p, #hidden>(#pairs::<#t, #b, #p>(batch, (#y, #y_blocks), (#dz, #dz_blocks)))
                    }
                });
                (h, hidden, rows)
            }
            _ => {
                let path = rt::dense_update_bias();
                let rows = Site::chain(sites, |site| site.row_blocks(Slot::Saved(0), p));
                return quote!(#path::<S, #p>(s, #rows, &mut stretch););
            }
        };
        let path = rt::lstm_update();
        quote!(#path::<S, #k, #width, #p>(s, #rows, &mut stretch);)
    }
}

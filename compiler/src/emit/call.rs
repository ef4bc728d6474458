//! Calls as tokens: the memory they touch is bound to names, and the kernel is called.

use super::arrays::arrays;
use super::model::Model;
use super::names::Named;
use crate::call::{Argument, Call, Form, Size, View};
use crate::ids::{BufferId, JointId, KeptId, TensorId, TransposedId};
use crate::memory::plan::Plan;
use crate::memory::program::{Mode, Place, Program};
use crate::rt;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A program with its plan, whose calls are written out.
#[derive(Clone, Copy)]
pub struct Printer<'a> {
    /// The network.
    model: &'a Model<'a>,
    /// The schedule and the memory plan.
    planned: &'a (Program, Plan),
    /// What the calls stand in.
    around: Around,
}

/// What calls stand in: which memory is there to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// A pass over the rows of a chunk, which changes `memory`.
    Rows,
    /// The lead of inference over a group of the rows of a chunk, which changes what is `near` and all rows' `memory`.
    Lead,
    /// A fold of the whole batch, which changes `joint`.
    Fold,
    /// What follows the batch in an `arena`.
    Arena,
    /// What copies weights, which reads `parameters` and changes `transposed`.
    Weights,
    /// What finishes gradients, which reads a `batch` and hands them to a `sink`.
    Gradients,
}

impl<'a> Printer<'a> {
    /// For one of the model's programs.
    pub fn new(model: &'a Model<'a>, planned: &'a (Program, Plan)) -> Self {
        let around = Around::Rows;
        Self {
            model,
            planned,
            around,
        }
    }

    /// The same for calls that stand elsewhere.
    pub fn within(self, around: Around) -> Self {
        Self { around, ..self }
    }

    /// What the calls stand in.
    pub fn around(&self) -> Around {
        self.around
    }

    /// The program.
    pub fn program(&self) -> &'a Program {
        &self.planned.0
    }

    /// Where a buffer lies, in blocks per sample.
    pub fn place(&self, BufferId(buffer): BufferId) -> &'a Named {
        let names = &self.model.names;
        match self.program().mode {
            Mode::Inference => &names.inference[buffer],
            Mode::Training => &names.training[buffer],
            Mode::Stream => &names.stream[buffer],
        }
    }

    /// What memory is called that is carved out of the one that calls change here.
    fn carved(&self, place: Place) -> Option<&'a Ident> {
        let names = &self.model.names;
        let named = match (self.around, place) {
            (Around::Rows | Around::Lead, Place::Buffer(buffer)) => self.place(buffer),
            (Around::Rows, Place::Kept(KeptId(kept))) => &names.kept[kept],
            (Around::Fold, Place::Joint(JointId(joint))) => &names.joint[joint],
            (Around::Arena, Place::Tensor(TensorId(tensor))) => &names.tensors[tensor],
            _ => return None,
        };
        Some(&named.name)
    }

    /// Binds the memory that a call changes to the names of its arguments, and calls the kernel.
    pub fn call(&self, call: &Call<Place>) -> TokenStream {
        let mut bound: Vec<(Ident, Place)> = Vec::new();
        let mut aliases = TokenStream::new();
        for (name, argument) in &call.arguments {
            for (part, view) in argument.views().enumerate() {
                if self.carved(view.memory).is_none() {
                    continue;
                }
                let part = match argument {
                    Argument::Tuple(_) => part,
                    _ => 0,
                };
                let name = Ident::new(&part_name(name, part), Span::call_site());
                match bound.iter().find(|(_, other)| *other == view.memory) {
                    Some((other, _)) => aliases.extend(quote!(let #name = &*#other;)),
                    None => bound.push((name, view.memory)),
                }
            }
        }
        let (kept, bound): (Vec<_>, Vec<_>) = bound
            .into_iter()
            .partition(|(_, place)| matches!(place, Place::Kept(_)));
        let kept = self.bind(&quote!(past), kept);
        let (near, others): (Vec<_>, Vec<_>) = bound
            .into_iter()
            .partition(|(_, place)| self.is_near(*place));
        let near = self.bind(&quote!(near), near);
        let memory = match self.around {
            Around::Rows | Around::Lead => quote!(memory),
            Around::Fold => quote!(joint),
            Around::Arena => quote!(arena),
            Around::Weights => quote!(transposed),
            Around::Gradients => quote!(sink),
        };
        let others = self.bind(&memory, others);
        let kernel = self.kernel(call);
        quote!({ #kept #near #others #aliases #kernel })
    }

    /// Carves places out of some memory.
    fn bind(&self, memory: &TokenStream, bound: Vec<(Ident, Place)>) -> Option<TokenStream> {
        let carve = rt::CARVE;
        let idents = bound.iter().map(|(name, _)| name);
        let spans = bound.iter().filter_map(|&(_, place)| {
            let name = self.carved(place)?;
            Some(match self.around {
                _ if matches!(place, Place::Kept(_)) => quote!(#name.once()),
                Around::Rows => quote!(rows.span(#name)),
                Around::Lead if self.is_near(place) => quote!(rows.near(#name)),
                Around::Lead => quote!(rows.part(#name)),
                _ => quote!(#name.once()),
            })
        });
        (!bound.is_empty()).then(|| quote!(let [#(#idents),*] = #carve(#memory, [#(#spans),*]);))
    }

    /// Whether a place is the lead's own, in its calls.
    fn is_near(&self, place: Place) -> bool {
        let Place::Buffer(buffer) = place else {
            return false;
        };
        self.around == Around::Lead && self.planned.1.is_near(buffer)
    }

    /// The memory of a buffer of which a row is copied, how many rows it is for, and the row.
    pub fn row(&self, buffer: BufferId) -> [TokenStream; 3] {
        match self.around {
            Around::Lead if self.is_near(Place::Buffer(buffer)) => {
                [quote!(near), quote!(rows.rows), quote!(row)]
            }
            Around::Lead => [quote!(memory), quote!(capacity), quote!(rows.first + row)],
            _ => [quote!(memory), quote!(capacity), quote!(row)],
        }
    }

    /// Transposes the panels that lie in the stretch of memory that is asked for.
    pub fn transpose(&self, call: &Call<Place>) -> TokenStream {
        let written = call.views().find(|view| view.access.writes());
        let Some(View {
            memory: Place::Transposed(TransposedId(index)),
            form: Form::Panels { rows, .. },
            ..
        }) = written
        else {
            unreachable!("{call:?} makes no panels")
        };
        let (path, name) = (
            rt::STRETCH_OF_PANELS,
            &self.model.names.transposed[*index].name,
        );
        let kernel = self.kernel(call);
        quote! {
            if let ::core::option::Option::Some((panel, panels)) = #path::<#rows>(&mut *transposed, first, #name) {
                #kernel
            }
        }
    }

    /// The call itself, its buffers being bound.
    pub fn kernel(&self, call: &Call<Place>) -> TokenStream {
        let path = call.kernel.path;
        let adds = call.adds.unwrap_or(false);
        let sizes = sizes(&call.sizes, adds);
        let mut given = call.arguments.iter();
        let parameters = call.kernel.parameters.iter();
        let arguments = parameters.map(|(_, name)| match *name {
            "s" => quote!(s),
            _ => given
                .next()
                .map(|(name, argument)| self.argument(name, argument, adds))
                .unwrap_or_default(),
        });
        quote!(#path #sizes(#(#arguments),*);)
    }

    /// An argument of a call that adds to what is there, or does not.
    pub fn argument(&self, name: &str, argument: &Argument<Place>, adds: bool) -> TokenStream {
        let one = |part: &Argument<Place>| self.argument(name, part, adds);
        let all = |parts: &[Argument<Place>]| parts.iter().map(one).collect::<Vec<_>>();
        match argument {
            Argument::View(view) => self.view(name, view),
            Argument::Number(number) => quote!(#number),
            // Literals are finite.
            Argument::Float(number) if number.is_infinite() => float(*number),
            Argument::Float(number) => quote!(#number),
            Argument::Flag(flag) => quote!(#flag),
            Argument::Adds => quote!(#adds),
            Argument::Start(bias) => {
                let (add, from, zero) = (rt::START_ADD, rt::START_BIAS, rt::START_ZERO);
                match bias.as_deref().map(one) {
                    _ if adds => quote!(#add),
                    Some(bias) => quote!(#from(#bias)),
                    None => quote!(#zero),
                }
            }
            Argument::FirstPanel => quote!(panel),
            Argument::Clock => quote!(rows.step),
            Argument::Constant(path, sizes, numbers) => {
                quote!(const { &#path::<#(#sizes),*>(#(#numbers),*) })
            }
            Argument::Zeros(blocks) => {
                let block = rt::BLOCK;
                quote!(&[#block::ZERO; #blocks])
            }
            Argument::Key { layer } => {
                quote!(rows.key(#layer))
            }
            Argument::Record(path, fields) => {
                let fields = fields.iter().map(|(field, part)| {
                    let field = Ident::new(field, Span::call_site());
                    let part = one(part);
                    quote!(#field: #part)
                });
                quote!(#path { #(#fields),* })
            }
            Argument::Variant(path, parts) if parts.is_empty() => quote!(#path),
            Argument::Variant(path, parts) => {
                let parts = all(parts);
                quote!(#path(#(#parts),*))
            }
            // Each part of a tuple is memory by itself.
            Argument::Tuple(parts) => {
                let mut views = 0;
                let part = |part: &Argument<Place>| {
                    let name = part_name(name, views);
                    views += part.views().count();
                    self.argument(&name, part, adds)
                };
                let parts = parts.iter().map(part).collect::<Vec<_>>();
                match &parts[..] {
                    [part] => part.clone(),
                    parts => quote!((#(#parts),*)),
                }
            }
            Argument::List(parts) => {
                let parts = all(parts);
                quote!(&[#(#parts),*])
            }
        }
    }

    /// Memory as the kernel sees it; what is carved goes by `name`.
    fn view(&self, name: &str, view: &View<Place>) -> TokenStream {
        let writes = view.access.writes();
        if self.carved(view.memory).is_some() {
            let name = Ident::new(name, Span::call_site());
            return buffer(&quote!(#name), view.form, writes);
        }
        let names = &self.model.names;
        let shared = |field: &str| {
            let field = Ident::new(field, Span::call_site());
            match self.around {
                Around::Rows | Around::Lead => quote!(rows.#field),
                _ => quote!(#field),
            }
        };
        let (memory, named) = match view.memory {
            Place::Caller => return caller(view.form),
            Place::Buffer(buffer) => {
                let name = &self.place(buffer).name;
                return quote!(batch.samples(#name));
            }
            Place::Transposed(_) if writes => return quote!(panels),
            Place::Kept(_) => unreachable!("what a stream keeps is carved out of it"),
            Place::Joint(JointId(joint)) => (shared("joint"), &names.joint[joint]),
            Place::Tensor(TensorId(tensor)) => (shared("parameters"), &names.tensors[tensor]),
            Place::Transposed(TransposedId(index)) => {
                (shared("transposed"), &names.transposed[index])
            }
        };
        let name = &named.name;
        match view.form {
            Form::Panels { rows, panels } => {
                let path = rt::PANELS;
                quote!(#path::<#rows, #panels>(#memory, #name))
            }
            Form::Cells(blocks) => {
                let path = rt::CELLS;
                quote!(#path::<#blocks>(#memory, #name))
            }
            form => unreachable!("{form:?} is no form of weights"),
        }
    }
}

/// What part `index` of an argument is called, if it is memory that is carved.
fn part_name(name: &str, index: usize) -> String {
    match index {
        0 => name.to_owned(),
        index => format!("{name}{index}"),
    }
}

/// A number as one operand.
fn float(number: f32) -> TokenStream {
    match number {
        // Literals are finite, and none is negative.
        f32::NEG_INFINITY => quote!(::core::primitive::f32::NEG_INFINITY),
        f32::INFINITY => quote!(::core::primitive::f32::INFINITY),
        number if number.is_sign_negative() => {
            let size = -number;
            quote!((-#size))
        }
        number => quote!(#number),
    }
}

/// Generic arguments of a call that adds to what is there, or does not.
pub fn sizes(sizes: &[Size], adds: bool) -> Option<TokenStream> {
    let size = |size: &Size| match size {
        Size::Isa => quote!(S),
        Size::Number(number) => quote!(#number),
        Size::Flag(flag) => quote!(#flag),
        Size::Adds => quote!(#adds),
        Size::Type(path, numbers) if numbers.is_empty() => quote!(#path),
        Size::Type(path, numbers) => quote!(#path<#(#numbers),*>),
        Size::Function(path, numbers) if numbers.is_empty() => quote!(#path),
        Size::Function(path, numbers) => {
            let numbers = numbers.iter().map(|&bits| float(f32::from_bits(bits)));
            quote!(#path<#({ #numbers.to_bits() }),*>)
        }
        Size::User(user) => user.tokens.clone(),
        Size::Arrays(shapes) => arrays(shapes.iter().map(|shape| &shape[..])),
        Size::Inferred => quote!(_),
    };
    let tokens = sizes.iter().map(size);
    (!sizes.is_empty()).then(|| quote!(::<#(#tokens),*>))
}

/// The caller's own array, seen as rows of floats.
fn caller(form: Form) -> TokenStream {
    let (path, sequences) = (rt::INPUT_ROWS, rt::SEQUENCES);
    match form {
        Form::Floats { floats, .. } => quote!(#path::<#floats, _>(inputs)),
        Form::Sequences { steps, floats } => {
            quote!(#sequences::<#steps, [f32; #floats]>(#path::<#floats, _>(inputs)))
        }
        form => unreachable!("callers hold floats, no {form:?}"),
    }
}

/// A buffer that is bound to a name.
fn buffer(name: &TokenStream, form: Form, writes: bool) -> TokenStream {
    let (rows, sequences) = (rt::ROWS, rt::SEQUENCES);
    match (form, writes) {
        (Form::Blocks | Form::Scratch(_) | Form::Cells(_), _) => name.clone(),
        (Form::Floats { floats, .. }, _) => quote!(#rows::<#floats>(#name)),
        (Form::Sequences { steps, floats }, _) => {
            quote!(#sequences::<#steps, [f32; #floats]>(#rows::<#floats>(#name)))
        }
        (Form::Tokens { tokens }, _) => {
            let path = rt::TOKENS;
            quote!(#path::<#tokens>(#name))
        }
        (Form::Rows { blocks, .. }, false) => {
            let path = rt::BLOCKS;
            quote!(#path::<#blocks>(#name))
        }
        (Form::Rows { blocks, .. }, true) => {
            let path = rt::BLOCKS_MUT;
            quote!(#path::<#blocks>(#name))
        }
        (Form::Steps { steps, blocks }, false) => {
            let path = rt::STEPS;
            quote!(#path::<#steps, #blocks>(#name))
        }
        (Form::Steps { steps, blocks }, true) => {
            let path = rt::STEPS_MUT;
            quote!(#path::<#steps, #blocks>(#name))
        }
        (form, _) => unreachable!("{form:?} is a form of weights"),
    }
}
